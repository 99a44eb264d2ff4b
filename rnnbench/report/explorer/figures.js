/**
 * The two cases of a ratio, figure by figure.
 *
 * @typedef {import("./run.js").Run} Run
 */
import { columnHead, h, makeTable } from "./dom.js";
import {
  formatBytes,
  formatEnergy,
  formatInterval,
  formatPercent,
  formatRate,
  formatTime,
  formatTimeInterval,
  formatTimes,
} from "./format.js";
import { memoryRatio, sizeOf } from "./metrics.js";
import { layerOf, sidesOfRatio } from "./words.js";

/**
 * @typedef {object} Row
 * @property {string} title
 * @property {(i: number) => string} text Of a case; "–" where nothing is known.
 * @property {(i: number) => string} [small] Below it.
 * @property {string} [ratio] Of the candidate's figure to the baseline's.
 * @property {string} [smallRatio]
 */

/**
 * @param {Run} run
 * @param {number} j
 */
export const makeFigures = (run, j) => {
  const sides = [run.ratios.a[j], run.ratios.b[j]];
  const { left, right } = sidesOfRatio(run, j);
  const isLayer = run.pairs[run.ratios.k[j]].axis === "layer";
  const rows = rowsOf(run, j).filter(({ text }) => sides.some((i) => text(i) !== "–"));
  const cell = (/** @type {string} */ text, /** @type {string | undefined} */ small) =>
    h("td", { class: "n" }, text, small && h("small", null, small));
  const head = [
    h("td", null),
    ...[left, right, "ratio"].map((text) => columnHead(text, true)),
  ];
  const cells = rows.map(({ title, text, small, ratio, smallRatio }) => [
    h("th", { scope: "row" }, title),
    ...sides.map((i) => cell(text(i), small?.(i))),
    cell(ratio ?? "", smallRatio),
  ]);
  const attributes = { class: "plain dense compare", "aria-label": "Both cases" };
  return [
    !isLayer && h("p", { class: "small" }, layerOf(run, sides[0]).name),
    makeTable(attributes, { head, rows: cells }),
  ];
};

/**
 * @param {Run} run
 * @param {number} j
 * @returns {Row[]}
 */
const rowsOf = (run, j) => {
  const { cases, ratios, prov, status } = run;
  const steps = sizeOf(run, "seq_len");
  const batch = sizeOf(run, "batch_size");
  const time = (/** @type {number} */ i) => cases.t[i] ?? NaN;
  return [
    {
      title: "time per call",
      text: (i) => formatTime(time(i)),
      small: (i) => formatTimeInterval(cases.t[i], cases.h[i]),
      ratio: formatTimes(ratios.r[j]),
      smallRatio: formatInterval(ratios.r[j], ratios.h[j]),
    },
    { title: "per time step", text: (i) => formatTime(time(i) / steps(i)) },
    { title: "sequences", text: (i) => formatRate((1e9 * batch(i)) / time(i)) },
    {
      title: "peak memory",
      text: (i) => formatBytes(cases.m[i]),
      ratio: formatTimes(memoryRatio(run, j)),
    },
    { title: "energy", text: (i) => formatEnergy(cases.j?.[i] ?? null) },
    {
      title: "of the limit",
      text: (i) => (cases.q[i] < 0 ? "–" : formatPercent(cases.q[i] / 1000)),
    },
    { title: "code that ran", text: (i) => prov[cases.p[i]] ?? "–" },
    { title: "status", text: (i) => status[cases.s[i]] },
    { title: "launches", text: (i) => String(cases.n[i]), ratio: String(ratios.n[j]) },
  ];
};
