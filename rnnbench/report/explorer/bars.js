/**
 * Bars of several cases, one below the other.
 *
 * @typedef {import("./run.js").Run} Run
 *
 * @typedef {object} BarOptions
 * @property {string} title
 * @property {(i: number) => number} value
 * @property {(i: number) => [low: number, high: number] | null} ends
 * @property {(value: number) => string} text
 * @property {(i: number) => boolean} isOther Whether a bar is only outlined.
 */
import { h, makeTable, s } from "./dom.js";
import { layerOf, nameAmong } from "./words.js";

// An interval narrower than this share of the longest bar could not be seen.
const VISIBLE = 0.015;
// A wide interval must not shorten all bars.
const LONGEST = 1.2;

/**
 * @param {Run} run
 * @param {number[]} rows
 * @param {BarOptions} options
 */
export const makeBars = (run, rows, { title, value, ends, text, isOther }) => {
  const reach = (/** @type {number} */ i) =>
    Math.min(ends(i)?.[1] ?? value(i), LONGEST * value(i));
  const top = Math.max(...rows.map(reach)) || 1;
  const percent = (/** @type {number} */ x) => `${Math.min(100, (100 * x) / top)}%`;
  const bar = (/** @type {number} */ i) => {
    const { tone } = layerOf(run, i);
    const interval = ends(i);
    const isWide = interval && interval[1] - interval[0] > VISIBLE * top;
    return s(
      "svg",
      { "aria-hidden": "true", "data-c": i },
      s("rect", {
        class: `f-${tone} s-${tone}${isOther(i) ? " bar-o" : ""}`,
        ...{ width: percent(value(i)), height: "100%", rx: 2 },
      }),
      isWide &&
        s("line", {
          ...{ class: "whisk", y1: "50%", y2: "50%" },
          ...{ x1: percent(interval[0]), x2: percent(interval[1]) },
        }),
    );
  };
  const cells = rows.map((i) => [
    h("th", { scope: "row" }, nameAmong(run, i, rows)),
    h("td", null, bar(i)),
    h("td", { class: "val" }, text(value(i))),
  ]);
  return makeTable({ class: "bars" }, { caption: title, rows: cells });
};
