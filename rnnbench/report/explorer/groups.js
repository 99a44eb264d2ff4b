/**
 * How the points of a chart are coloured.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./run.js").Kind} Kind
 *
 * @typedef {object} Group
 * @property {string} text
 * @property {string} tone A layer's colour or "even"; empty: a step of the ramp.
 * @property {number} ramp From 0 to 1.
 *
 * @typedef {object} Grouping
 * @property {(point: number) => number} of The index of a point's group.
 * @property {Group[]} groups
 * @property {boolean} isNeutral Whether a line through points of all groups is meant.
 */
import { phraseOf } from "./phrases.js";
import { LAYER } from "./run.js";
import { FASTER, SLOWER, sidesOfRatio } from "./words.js";

export const WINNER = "winner";

/**
 * @param {Run} run
 * @param {string} by WINNER or the id of a dimension.
 * @param {Kind} of
 * @param {number} j Any ratio that is shown, or -1.
 * @returns {Grouping}
 */
export const groupBy = (run, by, of, j) => {
  if (by === WINNER && of === "ratio") return groupByWinner(run, j);
  const d = run.dimensionAt.get(by) ?? run.axes.length;
  const dimension = run.dimensions[d];
  const column = dimension.at[of];
  const last = dimension.words.length;
  const groups = dimension.words.map((_, value) => ({
    text: phraseOf(dimension, value),
    tone: dimension.id === LAYER ? run.layers[value].tone : "",
    ramp: last > 1 ? value / (last - 1) : 1,
  }));
  groups.push({ text: "any", tone: "even", ramp: 0 });
  return {
    of: (point) => (column[point] < 0 ? last : column[point]),
    groups,
    isNeutral: false,
  };
};

/**
 * @param {Run} run
 * @param {number} j
 * @returns {Grouping}
 */
const groupByWinner = (run, j) => {
  const none = {
    left: "candidate",
    right: "baseline",
    leftTone: "even",
    rightTone: "even",
  };
  const { left, right, leftTone, rightTone } = j < 0 ? none : sidesOfRatio(run, j);
  const verdicts = run.ratios.v;
  return {
    of: (point) => ([FASTER, SLOWER].includes(verdicts[point]) ? verdicts[point] : 2),
    groups: [
      { text: `${left} faster`, tone: leftTone, ramp: 0 },
      { text: `${right} faster`, tone: rightTone, ramp: 0 },
      { text: "tie or undecided", tone: "even", ramp: 0 },
    ],
    isNeutral: true,
  };
};
