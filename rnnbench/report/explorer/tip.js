/**
 * The hint beside the pointer: one element for all that bears `data-r`, a ratio,
 * `data-c`, a case, or `data-t`, lines of text.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {object} Tip
 * @property {(x: number, y: number, lines: string[]) => void} show At a place in the window.
 * @property {() => void} hide
 */
import { h } from "./dom.js";
import {
  formatBytes,
  formatInterval,
  formatTime,
  formatTimeInterval,
  formatTimes,
  plural,
} from "./format.js";
import { layerOf, placeOfCase, placeOfRatio, winnerOf } from "./words.js";

/**
 * @param {Run} run
 * @param {number} j
 */
export const ratioLines = (run, j) => {
  const { cases, ratios, status } = run;
  const [a, b] = [ratios.a[j], ratios.b[j]];
  const sides = [a, b].map((i) => `${layerOf(run, i).name} ${formatTime(cases.t[i])}`);
  return [
    `${winnerOf(run, j).text} · ${formatTimes(ratios.r[j])}`,
    `95 %: ${formatInterval(ratios.r[j], ratios.h[j])}`,
    placeOfRatio(run, j),
    sides.join(", "),
    `${plural(ratios.n[j], "launch", "launches")}, ${status[Math.max(cases.s[a], cases.s[b])]}`,
  ];
};

/**
 * @param {Run} run
 * @param {number} i
 */
export const caseLines = (run, i) => {
  const { cases, prov, status } = run;
  const time = cases.t[i];
  return [
    `${layerOf(run, i).name} · ${formatTime(time)}`,
    time === null ? "" : `95 %: ${formatTimeInterval(time, cases.h[i])}`,
    placeOfCase(run, i),
    cases.m[i] === null ? "" : `peak memory ${formatBytes(cases.m[i])}`,
    [`${cases.n[i]} launches, ${status[cases.s[i]]}`, prov[cases.p[i]]]
      .filter(Boolean)
      .join(" · "),
  ].filter(Boolean);
};

/**
 * @param {Run} run
 * @param {HTMLElement} box
 * @returns {Tip}
 */
export const makeTip = (run, box) => {
  const hide = () => {
    box.hidden = true;
  };
  /** @type {Tip["show"]} */
  const show = (x, y, lines) => {
    box.replaceChildren(...lines.map((line, n) => h(n ? "span" : "b", null, line)));
    box.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = box;
    const left = Math.min(Math.max(x - width / 2, 8), innerWidth - width - 8);
    // Above the pointer, unless the bar at the top is there.
    const top = y - height - 14 < 60 ? y + 18 : y - height - 14;
    box.style.transform = `translate(${left + scrollX}px, ${top + scrollY}px)`;
  };
  const linesOf = (/** @type {HTMLElement | SVGElement} */ element) => {
    const { r, c, t } = element.dataset;
    if (r) return ratioLines(run, Number(r));
    return c ? caseLines(run, Number(c)) : (t ?? "").split("\n");
  };
  document.addEventListener("pointerover", ({ target }) => {
    if (!(target instanceof Element) || target.closest("canvas")) return;
    const source = target.closest("[data-r], [data-c], [data-t]");
    if (source instanceof HTMLElement || source instanceof SVGElement) {
      const { x, y, width } = source.getBoundingClientRect();
      show(x + width / 2, y, linesOf(source));
    } else hide();
  });
  addEventListener("keydown", ({ key }) => key === "Escape" && hide());
  addEventListener("scroll", hide, { passive: true });
  return { show, hide };
};
