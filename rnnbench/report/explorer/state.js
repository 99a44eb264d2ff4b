/**
 * What the reader has chosen: one value that everything on the page is drawn from.
 *
 * @typedef {import("./run.js").Run} Run
 *
 * @typedef {object} State
 * @property {number[]} at The selection: the index of a value for each axis.
 * @property {number[][]} only The filter: indices that pass for each axis; none: all pass.
 * @property {string} view map, chart or table
 * @property {string} pair The comparison, by the pair's id.
 * @property {string} rows Of the map: ids of dimensions, with commas between.
 * @property {string} cols
 * @property {string} figure Of the map: time or memory.
 * @property {string} y Of the chart: a metric.
 * @property {string} x A metric or a dimension.
 * @property {string} color winner, or a dimension
 * @property {string} facet Dimensions.
 * @property {string} yscale log or linear
 * @property {string} yrange shared by all panels, or own
 * @property {string} table ratios or times
 * @property {string} sort The id of a column, with - before it for descending.
 * @property {number} page
 * @property {string} why What of the profiles is shown: time, timeline or memory.
 * @property {string} moved Which values had to change with the last choice, or empty.
 * @property {string} show Of the inspector: figures, operators, memory or timeline.
 */
import { EVERY_PAIR } from "./filters.js";
import { CHANGE, LAYER } from "./run.js";

// More cells than this are too many to look at, and slow to lay out.
export const MOST_CELLS = 4000;
// From so many comparisons of one layer with itself on, the overview shows all of them.
const MANY_PAIRS = 6;

/**
 * @param {Run} run
 * @param {number[]} at Where the selection starts.
 * @returns {State}
 */
export const defaultState = (run, at) => {
  const sizes = sizesByCount(run).map((k) => run.axes[k].id);
  const others = run.axes.filter((axis) => !axis.size).map((axis) => axis.id);
  const overview = run.pairs.length >= MANY_PAIRS && run.pairs[0].axis !== LAYER;
  const sides = overview
    ? { rows: CHANGE, cols: LAYER }
    : { rows: run.map.rows.join() || LAYER, cols: run.map.cols.join() || CHANGE };
  return {
    at,
    only: run.axes.map(() => []),
    view: run.pairs.length ? "map" : "table",
    pair: overview ? EVERY_PAIR : (run.pairs[0]?.id ?? ""),
    ...sides,
    figure: "time",
    y: run.pairs.length ? "ratio" : "time",
    x: overview ? CHANGE : (sizes[0] ?? others[0] ?? LAYER),
    color: overview ? LAYER : run.pairs.length ? "winner" : LAYER,
    facet: overview ? "" : panelIds(run),
    yscale: "log",
    yrange: "shared",
    table: run.pairs.length ? "ratios" : "times",
    sort: "",
    page: 1,
    why: "time",
    show: "figures",
    moved: "",
  };
};

/**
 * The axes that are sizes, that with the most values first.
 *
 * @param {Run} run
 */
export const sizesByCount = ({ axes }) =>
  axes
    .map((_, k) => k)
    .filter((k) => axes[k].size)
    .sort((a, b) => axes[b].values.length - axes[a].values.length);

/**
 * A chart has panels for the backend and the phase, where they vary.
 *
 * @param {Run} run
 */
const panelIds = ({ axes }) =>
  axes
    .filter((axis) => axis.backend || axis.id === "phase")
    .slice(-2)
    .map((axis) => axis.id)
    .join();

/**
 * @typedef {object} Store
 * @property {() => State} get
 * @property {(changes: Partial<State>) => void} set Changes it and draws.
 * @property {() => void} draw Before the next frame.
 * @property {() => void} drawNow
 * @property {(listener: () => void) => void} onDraw In the order of their calls.
 */

/**
 * @param {State} initial
 * @param {(draw: () => void) => void} schedule Calls `draw` before the next frame.
 * @returns {Store}
 */
export const createStore = (initial, schedule) => {
  /** @type {(() => void)[]} */
  const listeners = [];
  let state = initial;
  let isQueued = false;
  const drawNow = () => {
    isQueued = false;
    for (const listener of listeners) listener();
  };
  const draw = () => {
    if (isQueued) return;
    isQueued = true;
    schedule(drawNow);
  };
  return {
    get: () => state,
    set: (changes) => {
      state = { ...state, ...changes };
      draw();
    },
    draw,
    drawNow,
    onDraw: (listener) => void listeners.push(listener),
  };
};
