/**
 * The map's cells: ratios by the values of two dimensions, or of two and two.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./state.js").State} State
 *
 * @typedef {object} Cell
 * @property {number[]} ratios
 * @property {number} value The ratio, or the geometric mean of several.
 * @property {number} h Its half-width; -1 where Python gave none.
 * @property {number} verdict
 *
 * @typedef {object} GridPanel
 * @property {string} title
 * @property {number[]} values Of the dimensions that split the grid.
 * @property {number[][]} rows Values of the dimensions along each side.
 * @property {number[][]} cols
 * @property {(Cell | null)[][]} cells
 *
 * @typedef {object} Grid
 * @property {number[]} rowDimensions
 * @property {number[]} colDimensions
 * @property {number[]} panelDimensions
 * @property {GridPanel[]} panels
 * @property {number} count How many cells there are, or would be.
 */
import { dimensionsIn, pairAt, splitIntoFacets } from "./filters.js";
import { memoryRatio } from "./metrics.js";
import { CHANGE, LAYER } from "./run.js";
import { MOST_CELLS } from "./state.js";
import { FASTER, SLOWER, TIE } from "./words.js";

const MOST_PANELS = 12;
// As in Python: an interval within this is a tie; here it is the mean that must be.
const EQUAL = 1.02;
// A cell is drawn in one of seven shades; these are the limits between them.
export const SHADES = [1.1, 1.25, 1.5, 2, 3, 5];

/** @param {number} ratio */
export const shadeOf = (ratio) => {
  const factor = Math.max(ratio, 1 / ratio);
  return 1 + SHADES.filter((limit) => factor >= limit).length;
};

/**
 * @param {Run} run
 * @param {State} state
 * @param {number[]} ratios
 * @returns {Grid} Without cells where there would be too many.
 */
export const makeGrid = (run, state, ratios) => {
  const pair = pairAt(run, state.pair);
  // Means over several comparisons would mean nothing.
  const rowDimensions = dimensionsIn(run, pair < 0 ? CHANGE : state.rows);
  const colDimensions = dimensionsIn(run, pair < 0 ? LAYER : state.cols);
  const used = [...rowDimensions, ...colDimensions];
  const { rows, cols, facets: first } = run.map;
  const isFirst = pair === 0 && state.rows === rows.join() && state.cols === cols.join();
  const asked = isFirst
    ? dimensionsIn(run, first.join())
    : panelDimensions(run, used, pair);
  const { dimensions, facets } = splitIntoFacets(run, asked, ratios, "ratio");
  const sides = facets.map((facet) => ({
    rows: sideOf(run, rowDimensions, facet.points),
    cols: sideOf(run, colDimensions, facet.points),
  }));
  const count = sides.reduce(
    (sum, { rows, cols }) => sum + rows.values.length * cols.values.length,
    0,
  );
  const grid = { rowDimensions, colDimensions, panelDimensions: dimensions, count };
  if (count > MOST_CELLS) return { ...grid, panels: [] };
  const cellOf = cellMaker(run, state);
  const panels = facets.map(({ title, values, points }, n) => {
    const { rows, cols } = sides[n];
    const members = rows.values.map(() =>
      cols.values.map(() => /** @type {number[]} */ ([])),
    );
    points.forEach((j, at) => members[rows.at[at]][cols.at[at]].push(j));
    const cells = members.map((line, r) =>
      line.map((found, c) => {
        const place = [
          ...placeOn(dimensions, values),
          ...placeOn(rowDimensions, rows.values[r]),
          ...placeOn(colDimensions, cols.values[c]),
        ];
        return cellOf(found, place);
      }),
    );
    return { title, values, rows: rows.values, cols: cols.values, cells };
  });
  return { ...grid, panels };
};

/**
 * What the grid splits by: backends, the phase, then the other axes that are no sizes.
 *
 * @param {Run} run
 * @param {number[]} used
 * @param {number} pair
 */
const panelDimensions = (run, used, pair) => {
  const rank = (/** @type {number} */ k) =>
    run.axes[k].backend ? 0 : run.axes[k].id === "phase" ? 1 : 2;
  const free = run.axes
    .map((_, k) => k)
    .filter((k) => !run.axes[k].size && !used.includes(k))
    .filter((k) => pair < 0 || run.axes[k].id !== run.pairs[pair].axis)
    .sort((a, b) => rank(a) - rank(b) || a - b);
  const found = [];
  let panels = 1;
  for (const k of pair < 0 ? free.filter((each) => rank(each) === 1) : free) {
    if (panels * run.axes[k].values.length > MOST_PANELS) continue;
    panels *= run.axes[k].values.length;
    found.push(k);
  }
  return found;
};

/**
 * The values along a side that occur, in order, and where each point stands among them.
 *
 * @param {Run} run
 * @param {number[]} dimensions
 * @param {number[]} points
 */
const sideOf = (run, dimensions, points) => {
  const columns = dimensions.map((d) => run.dimensions[d].at.ratio);
  const counts = dimensions.map((d) => run.dimensions[d].words.length + 1);
  const codes = points.map((j) =>
    columns.reduce((code, column, n) => code * counts[n] + column[j] + 1, 0),
  );
  const sorted = [...new Set(codes)].sort((a, b) => a - b);
  const places = new Map(sorted.map((code, n) => [code, n]));
  const values = sorted.map((code) => {
    const found = [];
    let rest = code;
    for (let n = counts.length - 1; n >= 0; n--) {
      found.unshift((rest % counts[n]) - 1);
      rest = Math.floor(rest / counts[n]);
    }
    return found;
  });
  return { values, at: codes.map((code) => /** @type {number} */ (places.get(code))) };
};

/**
 * @param {number[]} dimensions
 * @param {number[]} values
 * @returns {[d: number, value: number][]}
 */
const placeOn = (dimensions, values) => dimensions.map((d, n) => [d, values[n]]);

/**
 * @param {Run} run
 * @param {State} state
 * @returns {(ratios: number[], place: [d: number, value: number][]) => Cell | null}
 */
const cellMaker = (run, state) => {
  const isTime = state.figure === "time";
  const valueOf = (/** @type {number} */ j) =>
    isTime ? run.ratios.r[j] : memoryRatio(run, j);
  const pooled = isTime ? pooledIndex(run) : new Map();
  return (ratios, place) => {
    const known = ratios.filter((j) => valueOf(j) > 0);
    if (!known.length) return null;
    if (known.length === 1) {
      const [j] = known;
      const value = valueOf(j);
      const [h, verdict] = isTime
        ? [run.ratios.h[j], run.ratios.v[j]]
        : [-1, sideOfOne(value)];
      return { ratios: known, value, h, verdict };
    }
    const row = pooled.get(pooledKey(run, run.ratios.k[known[0]], place)) ?? -1;
    if (row >= 0 && run.pooled.n[row] === known.length) {
      const { r, h, v } = run.pooled;
      return { ratios: known, value: r[row], h: h[row], verdict: v[row] };
    }
    const logs = known.reduce((sum, j) => sum + Math.log(valueOf(j)), 0);
    const value = Math.exp(logs / known.length);
    return { ratios: known, value, h: -1, verdict: sideOfOne(value) };
  };
};

/** @param {number} value */
const sideOfOne = (value) => {
  if (value <= EQUAL && value >= 1 / EQUAL) return TIE;
  return value < 1 ? FASTER : SLOWER;
};

/**
 * @param {Run} run
 * @returns {Map<string, number>}
 */
const pooledIndex = (run) => {
  const { k, axis } = run.pooled;
  return new Map(
    k.map((pair, row) => [
      pooledKey(
        run,
        pair,
        axis.map((column, d) => [d, column[row]]),
      ),
      row,
    ]),
  );
};

/**
 * @param {Run} run
 * @param {number} pair
 * @param {[d: number, value: number][]} place Of dimensions that are no axes, nothing is kept.
 */
const pooledKey = (run, pair, place) => {
  const values = run.axes.map(() => -1);
  for (const [d, value] of place) if (d < values.length) values[d] = value;
  return `${pair}:${values}`;
};
