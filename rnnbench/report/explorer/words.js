/**
 * Places and winners in words.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./schema.js").Axis} Axis
 * @typedef {{tone: string, text: string, short: string}} Winner
 */
import { phraseOf } from "./phrases.js";
import { sidesOf } from "./run.js";

export const FASTER = 0;
export const SLOWER = 1;
export const TIE = 2;
export const UNDECIDED = 3;

// From so many axes on, a place names only the values that are not PyTorch's defaults.
const MOST_NAMED = 4;

/**
 * @param {Run} run
 * @param {(k: number) => number} valueAt The value along an axis; -1 is left out.
 * @returns {string}
 */
export const placeWords = (run, valueAt) => {
  const others = run.axes.filter(
    (axis) => !axis.size && !axis.backend && axis.id !== "phase",
  );
  const isNamed = (/** @type {Axis} */ axis, /** @type {number} */ value) =>
    others.length < MOST_NAMED || !others.includes(axis) || value !== axis.default;
  return run.axes
    .flatMap((axis, k) => {
      const value = valueAt(k);
      return value >= 0 && isNamed(axis, value) ? [phraseOf(axis, value)] : [];
    })
    .join(", ");
};

/**
 * @param {Run} run
 * @param {number} j
 */
export const placeOfRatio = (run, j) =>
  placeWords(run, (k) => run.dimensions[k].at.ratio[j]);

/**
 * @param {Run} run
 * @param {number} i
 */
export const placeOfCase = (run, i) => placeWords(run, (k) => run.dimensions[k].at.case[i]);

/**
 * The layer of a case.
 *
 * @param {Run} run
 * @param {number} i
 */
export const layerOf = (run, i) => run.layers[run.cases.layer[i]];

/**
 * What tells a case from others of `among` that are of the same layer.
 *
 * @param {Run} run
 * @param {number} i
 * @param {number[]} among
 * @returns {string[]}
 */
const conditionsAmong = (run, i, among) => {
  const alike = among.filter((other) => run.cases.layer[other] === run.cases.layer[i]);
  return run.axes.flatMap((axis, k) => {
    const column = run.dimensions[k].at.case;
    const differs = alike.some((other) => column[other] !== column[i]);
    return differs && column[i] >= 0 ? [phraseOf(axis, column[i])] : [];
  });
};

/**
 * A layer's name, with what tells it from others of `among`.
 *
 * @param {Run} run
 * @param {number} i
 * @param {number[]} among
 */
export const nameAmong = (run, i, among) =>
  [layerOf(run, i).name, ...conditionsAmong(run, i, among)].join(", ");

/**
 * Candidate and baseline of a ratio, in words and as colours.
 *
 * @param {Run} run
 * @param {number} j
 */
export const sidesOfRatio = (run, j) => {
  const pair = run.pairs[run.ratios.k[j]];
  const [left, right] = sidesOf(run, pair, j);
  const leftTone = pair.axis === "layer" ? run.layers[pair.a].tone : "even";
  return { left, right, leftTone, rightTone: run.layers[pair.b].tone };
};

/**
 * Who wins a ratio. Two values of one axis have one layer: the baseline has its colour.
 *
 * @param {Run} run
 * @param {number} j
 * @returns {Winner}
 */
export const winnerOf = (run, j) => {
  const verdict = run.ratios.v[j];
  if (verdict === TIE) return { tone: "even", text: "tie", short: "tie" };
  if (verdict === UNDECIDED) return { tone: "even", text: "undecided", short: "?" };
  const { left, right, leftTone, rightTone } = sidesOfRatio(run, j);
  const name = verdict === FASTER ? left : right;
  const tone = verdict === FASTER ? leftTone : rightTone;
  const isLayer = run.pairs[run.ratios.k[j]].axis === "layer";
  return { tone, text: isLayer ? `${name} is faster` : `faster with ${name}`, short: name };
};
