/**
 * The run as the page works with it: the columns of the data island, and with them the
 * dimensions along which cases and ratios lie.
 *
 * @typedef {import("./schema.js").Island} Island
 * @typedef {import("./schema.js").Pair} Pair
 * @typedef {"case" | "ratio"} Kind Points are cases or ratios, named by their index.
 *
 * @typedef {object} Dimension An axis, the layer, or the change that a ratio measures.
 * @property {string} id
 * @property {string} name
 * @property {string} title
 * @property {string[]} words A word for each value.
 * @property {boolean} size
 * @property {Record<Kind, Int16Array>} at The value of each point; -1: means nothing.
 *
 * @typedef {Island & {
 *   dimensions: Dimension[],
 *   dimensionAt: Map<string, number>,
 *   backends: number[],
 *   changes: string[],
 * }} Run `dimensions` begins with the axes, in their order.
 */
import { phraseOf } from "./phrases.js";

/** The names of the two dimensions that are no axes. */
export const LAYER = "layer";
export const CHANGE = "change";

/**
 * @param {Island} island
 * @returns {Run}
 */
export const decodeRun = (island) => {
  const { axes, cases, pairs, ratios } = island;
  const dimensions = axes.map((axis, k) => ({
    id: axis.id,
    name: axis.name,
    title: axis.title,
    words: axis.words,
    size: axis.size,
    at: { case: Int16Array.from(cases.axis[k]), ratio: ratioColumn(island, k) },
  }));
  const changeOf = changesOf(island);
  const changes = [...new Set(changeOf)];
  const changeAt = changeOf.map((change) => changes.indexOf(change));
  dimensions.push({
    id: LAYER,
    name: "layer",
    title: "layer",
    words: island.layers.map((layer) => layer.name),
    size: false,
    at: {
      case: Int16Array.from(cases.layer),
      ratio: Int16Array.from(ratios.k, (k) => pairs[k].a),
    },
  });
  dimensions.push({
    id: CHANGE,
    name: "comparison",
    title: "comparison",
    words: changes,
    size: false,
    at: {
      case: new Int16Array(cases.layer.length).fill(-1),
      ratio: Int16Array.from(ratios.k, (k) => changeAt[k]),
    },
  });
  return {
    ...island,
    dimensions,
    dimensionAt: new Map(dimensions.map((dimension, d) => [dimension.id, d])),
    backends: axes.flatMap((axis, k) => (axis.backend ? [k] : [])),
    changes,
  };
};

/**
 * The value of axis `k` for each ratio: the baseline's, or the candidate's where the axis
 * means nothing for the baseline; -1 where it is the axis that is compared.
 *
 * @param {Island} island
 * @param {number} k
 */
const ratioColumn = ({ axes, cases, pairs, ratios }, k) => {
  const column = cases.axis[k];
  return Int16Array.from(ratios.a, (a, j) => {
    if (pairs[ratios.k[j]].axis === axes[k].id) return -1;
    const value = column[ratios.b[j]];
    return value >= 0 ? value : column[a];
  });
};

/**
 * What each pair compares, less the layer where it is the same on both sides.
 *
 * @param {Island} island
 * @returns {string[]}
 */
const changesOf = (island) =>
  island.pairs.map((pair, p) => {
    const [a, b] = sidesOf(island, pair, island.ratios.k.indexOf(p));
    return `${a} ÷ ${b}`;
  });

/**
 * The candidate and the baseline of a pair in words; `j` is any ratio of it, or -1.
 *
 * @param {Pick<Island, "axes" | "cases" | "ratios">} island
 * @param {Pair} pair
 * @param {number} j
 * @returns {[string, string]}
 */
export const sidesOf = ({ axes, cases, ratios }, pair, j) => {
  const k = axes.findIndex((axis) => axis.id === pair.axis && axis.size);
  if (k < 0 || j < 0) return [pair.candidate, pair.baseline];
  const of = (/** @type {number} */ i) => phraseOf(axes[k], cases.axis[k][i]);
  return [of(ratios.a[j]), of(ratios.b[j])];
};
