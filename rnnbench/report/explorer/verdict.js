/**
 * The answer at the selection: who wins, by how much, and every layer beside it.
 *
 * @typedef {import("./app.js").App} App
 * @typedef {import("./run.js").Run} Run
 */
import { makeBars } from "./bars.js";
import { h } from "./dom.js";
import {
  formatBytes,
  formatInterval,
  formatTime,
  formatTimes,
  highEnd,
  lowEnd,
  plural,
} from "./format.js";
import { memoryRatio } from "./metrics.js";
import { article } from "./phrases.js";
import { casesAt } from "./places.js";
import { makeStrip } from "./strip.js";
import { layerOf, placeOfRatio, sidesOfRatio, TIE, UNDECIDED, winnerOf } from "./words.js";

/**
 * The verdict as a headline: "The LSTM is faster".
 *
 * @param {Run} run
 * @param {number} j
 */
export const headlineOf = (run, j) => {
  const { text } = winnerOf(run, j);
  const verdict = run.ratios.v[j];
  if (verdict === TIE) return "A tie";
  if (verdict === UNDECIDED) return "Undecided";
  const isLayer = run.pairs[run.ratios.k[j]].axis === "layer";
  return isLayer ? `The ${text}` : `${layerOf(run, run.ratios.a[j]).name}: ${text}`;
};

/**
 * @param {Run} run
 * @param {number} j
 */
const sentenceOf = (run, j) => {
  const { left, right } = sidesOfRatio(run, j);
  const ratio = h("b", null, formatTimes(run.ratios.r[j]));
  const memory = memoryRatio(run, j);
  const tail =
    memory > 0
      ? [" and needs ", h("b", null, formatTimes(memory)), " the peak memory"]
      : [];
  if (run.pairs[run.ratios.k[j]].axis !== "layer") {
    const layer = layerOf(run, run.ratios.a[j]).name;
    return [`${layer}, ${left} takes `, ratio, ` as long as ${right}`, tail, "."];
  }
  const start = article(left).replace("a", "A");
  return [
    `${start} ${left} takes `,
    ratio,
    ` as long as ${article(right)} ${right}`,
    tail,
    ".",
  ];
};

/**
 * @param {App} app
 * @param {number} j
 */
export const makeVerdict = ({ run, store }, j) => {
  const { ratios } = run;
  const launches = plural(ratios.n[j], "launch", "launches");
  return [
    h(
      "div",
      null,
      h("p", { class: "what" }, placeOfRatio(run, j)),
      h("p", { class: `big t-${winnerOf(run, j).tone}` }, headlineOf(run, j)),
      h("p", { class: "says" }, sentenceOf(run, j)),
      makeStrip(run, j),
      h(
        "p",
        { class: "sub small" },
        `95 % interval ${formatInterval(ratios.r[j], ratios.h[j])}, from ${launches}.`,
      ),
    ),
    h("div", null, layerBars(run, j, store.get().at)),
  ];
};

/**
 * Time and memory of every layer at the place, those with the same backend first.
 *
 * @param {Run} run
 * @param {number} j
 * @param {number[]} at
 */
const layerBars = (run, j, at) => {
  const { cases } = run;
  const place = at.map((value, k) => {
    const own = run.dimensions[k].at.ratio[j];
    return own < 0 ? value : own;
  });
  const isOther = (/** @type {number} */ i) =>
    run.backends.some((k) => {
      const own = run.dimensions[k].at.case[i];
      return own >= 0 && own !== place[k];
    });
  const rows = casesAt(run, place)
    .filter((i) => cases.t[i] !== null)
    .sort(
      (a, b) => Number(isOther(a)) - Number(isOther(b)) || cases.layer[a] - cases.layer[b],
    );
  const time = (/** @type {number} */ i) => cases.t[i] ?? NaN;
  const memory = (/** @type {number} */ i) => cases.m[i] ?? NaN;
  const known = rows.filter((i) => cases.m[i] !== null);
  return [
    makeBars(run, rows, {
      title: "Time per call",
      value: time,
      ends: (i) =>
        cases.h[i] < 0 ? null : [lowEnd(time(i), cases.h[i]), highEnd(time(i), cases.h[i])],
      text: formatTime,
      isOther,
    }),
    known.length > 0 &&
      makeBars(run, known, {
        title: "Peak memory of a call",
        value: memory,
        ends: () => null,
        text: formatBytes,
        isOther,
      }),
  ];
};
