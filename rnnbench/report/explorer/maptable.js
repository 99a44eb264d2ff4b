/**
 * One panel of the map as a table.
 *
 * @typedef {import("./app.js").App} App
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./grid.js").Cell} Cell
 * @typedef {import("./grid.js").Grid} Grid
 * @typedef {import("./grid.js").GridPanel} GridPanel
 */
import { h, s } from "./dom.js";
import { formatInterval, formatTimes, plural, significant } from "./format.js";
import { SHADES, shadeOf } from "./grid.js";
import { memoryRatio } from "./metrics.js";
import { phraseOf } from "./phrases.js";
import {
  FASTER,
  placeOfRatio,
  sidesOfRatio,
  SLOWER,
  TIE,
  UNDECIDED,
  winnerOf,
} from "./words.js";

// In rem.
const HEAD_WIDTH = { least: 2, most: 12 };
const LETTER = 0.52;
const CELL_WIDTH = { least: 2.2, most: 9 };

/**
 * @param {App} app
 * @param {Grid} grid
 * @param {GridPanel} panel
 * @param {Map<HTMLElement, Cell>} cellOf Gets the elements of the cells.
 */
export const makeMapTable = (app, { rowDimensions, colDimensions }, panel, cellOf) => {
  const { run } = app;
  const names = [rowDimensions, colDimensions].map((dimensions) =>
    dimensions.map((d) => run.dimensions[d].name).join(", "),
  );
  const corner = h(
    "th",
    { class: "rh", colspan: rowDimensions.length },
    h("span", { class: "hide" }, names.join(" by ")),
  );
  const last = colDimensions[colDimensions.length - 1];
  const heads = panel.cols.map((values) =>
    h("th", { scope: "col" }, wordAt(run, last, values[values.length - 1])),
  );
  const body = panel.rows.map((_, r) =>
    h(
      "tr",
      null,
      rowHeads(run, rowDimensions, panel.rows, r),
      panel.cells[r].map((cell) => makeCell(app, cell, cellOf)),
    ),
  );
  const title = panel.title || "All";
  const table = h(
    "table",
    { class: "map", role: "grid", "aria-label": title },
    h("caption", null, title),
    h(
      "thead",
      null,
      bandRow(run, panel.cols, colDimensions, rowDimensions.length),
      h("tr", null, corner, heads),
    ),
    h("tbody", null, body),
  );
  table.tHead?.before(sizeColumns(table, run, rowDimensions, panel));
  return table;
};

/**
 * Columns: heads as wide as their words, cells neither too narrow for a finger nor bars.
 *
 * @param {HTMLElement} table
 * @param {Run} run
 * @param {number[]} rowDimensions
 * @param {GridPanel} panel
 */
const sizeColumns = (table, run, rowDimensions, { rows, cols }) => {
  const widths = rowDimensions.map((d, n) => {
    const longest = Math.max(...rows.map((row) => wordAt(run, d, row[n]).length));
    return Math.min(HEAD_WIDTH.most, Math.max(HEAD_WIDTH.least, LETTER * longest + 0.7));
  });
  const heads = widths.reduce((sum, width) => sum + width, 0);
  table.style.minWidth = `${heads + CELL_WIDTH.least * cols.length}rem`;
  table.style.maxWidth = `${heads + CELL_WIDTH.most * cols.length}rem`;
  return h(
    "colgroup",
    null,
    widths.map((width) => {
      const column = h("col", null);
      column.style.width = `${width}rem`;
      return column;
    }),
    h("col", { span: cols.length }),
  );
};

/**
 * @param {Run} run
 * @param {number} d
 * @param {number} value
 */
const wordAt = (run, d, value) => (value < 0 ? "any" : run.dimensions[d].words[value]);

/**
 * The outer dimension of the columns, a head for each of its values.
 *
 * @param {Run} run
 * @param {number[][]} cols
 * @param {number[]} dimensions
 * @param {number} indent
 */
const bandRow = (run, cols, dimensions, indent) => {
  if (dimensions.length < 2) return null;
  /** @type {{value: number, count: number}[]} */
  const bands = [];
  for (const [value] of cols) {
    const band = bands[bands.length - 1];
    if (band?.value === value) band.count += 1;
    else bands.push({ value, count: 1 });
  }
  const heads = bands.map(({ value, count }) => {
    const text = value < 0 ? "any" : phraseOf(run.dimensions[dimensions[0]], value);
    return h("th", { scope: "colgroup", colspan: count }, text);
  });
  return h("tr", { class: "band" }, h("td", { class: "void", colspan: indent }), heads);
};

/**
 * The heads of a row; an outer one spans the rows that share it.
 *
 * @param {Run} run
 * @param {number[]} dimensions
 * @param {number[][]} rows
 * @param {number} r
 */
const rowHeads = (run, dimensions, rows, r) =>
  dimensions.map((d, n) => {
    const word = wordAt(run, d, rows[r][n]);
    if (n === dimensions.length - 1) return h("th", { class: "rh", scope: "row" }, word);
    if (r > 0 && rows[r - 1][n] === rows[r][n]) return null;
    const count = rows.filter((row) => row[n] === rows[r][n]).length;
    return h("th", { class: "rh", scope: "rowgroup", rowspan: count }, word);
  });

/**
 * @param {App} app
 * @param {Cell | null} cell
 * @param {Map<HTMLElement, Cell>} cellOf
 */
const makeCell = ({ run, store }, cell, cellOf) => {
  if (!cell) return h("td", { class: "void" });
  const { ratios, value, verdict } = cell;
  const isTime = store.get().figure === "time";
  const isOne = ratios.length === 1;
  const { leftTone, rightTone } = sidesOfRatio(run, ratios[0]);
  const tone = verdict === FASTER ? leftTone : rightTone;
  const isDecided = verdict === FASTER || verdict === SLOWER;
  const lines = isOne ? [] : pooledLines(run, cell, isTime);
  if (isOne && !isTime)
    lines.push(`${formatTimes(value)} the peak memory`, placeOfRatio(run, ratios[0]));
  const element = h(
    "td",
    {
      class: isDecided
        ? `w-${tone} g${shadeOf(value)}`
        : verdict === TIE
          ? "tie"
          : "undecided",
      tabindex: -1,
      "aria-label": cellWords(run, cell, isTime),
      "data-r": isOne && isTime && String(ratios[0]),
      "data-t": lines.length > 0 && lines.join("\n"),
    },
    verdict === UNDECIDED ? "?" : verdict === TIE ? "=" : short(value),
    !isOne && isTime && splitBar(run, cell),
  );
  cellOf.set(element, cell);
  return element;
};

/** @param {number} value */
const short = (value) => (value < 9.995 ? value.toFixed(2) : significant(value));

/**
 * What a screen reader says of a cell.
 *
 * @param {Run} run
 * @param {Cell} cell
 * @param {boolean} isTime
 */
export const cellWords = (run, { ratios, value, verdict }, isTime) => {
  const { left, right } = sidesOfRatio(run, ratios[0]);
  const less = isTime ? "faster" : "needs less";
  const said =
    verdict === TIE
      ? "tie"
      : verdict === UNDECIDED
        ? "undecided"
        : `${verdict === FASTER ? left : right} ${less}`;
  const count = ratios.length > 1 ? `, mean of ${plural(ratios.length, "size")}` : "";
  return `${formatTimes(value)}, ${said}${count}`;
};

/**
 * @param {Run} run
 * @param {Cell} cell
 * @param {boolean} isTime
 */
const pooledLines = (run, { ratios, value, h: half }, isTime) => {
  const values = ratios.map((j) => (isTime ? run.ratios.r[j] : memoryRatio(run, j)));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const lines = [`${formatTimes(value)} on average over ${plural(ratios.length, "size")}`];
  if (half >= 0) lines.push(`95 %: ${formatInterval(value, half)}`);
  lines.push(`from ${formatTimes(low)} to ${formatTimes(high)}`);
  if (!isTime) return lines;
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const j of ratios) {
    const { text } = winnerOf(run, j);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...lines, ...[...counts].map(([text, count]) => `${count}: ${text}`)];
};

/**
 * How many of a cell's ratios each side wins; nothing where one wins all.
 *
 * @param {Run} run
 * @param {Cell} cell
 */
const splitBar = (run, { ratios }) => {
  const { leftTone, rightTone } = sidesOfRatio(run, ratios[0]);
  const count = (/** @type {number[]} */ verdicts) =>
    ratios.filter((j) => verdicts.includes(run.ratios.v[j])).length;
  /** @type {[string, number][]} */
  const parts = [
    [leftTone, count([FASTER])],
    ["even", count([TIE, UNDECIDED])],
    [rightTone, count([SLOWER])],
  ];
  if (parts.filter(([, size]) => size > 0).length < 2) return null;
  let from = 0;
  return s(
    "svg",
    { "aria-hidden": "true" },
    parts.map(([tone, size]) => {
      const x = from;
      from += (100 * size) / ratios.length;
      const place = { x: `${x}%`, width: `${from - x}%`, height: "100%" };
      return size > 0 && s("rect", { class: `f-${tone}`, ...place });
    }),
  );
};

/**
 * The key to the shades.
 *
 * @param {App} app
 * @param {number} j Any ratio that is shown; -1 where they are of several comparisons.
 */
export const makeShadeKey = ({ run, store }, j) => {
  const isMemory = store.get().figure === "memory";
  const less = isMemory ? "needs less" : "faster";
  if (j < 0) {
    const verb = isMemory ? "needs less" : "is faster";
    const text = `Grey: the first of the two ${verb}. In a layer’s colour: the second.`;
    return h("p", { class: "sub small" }, text);
  }
  const { left, right, leftTone, rightTone } = sidesOfRatio(run, j);
  const steps = [1, 2, 3, 4, 5, 6, 7];
  const box = (
    /** @type {string} */ tone,
    /** @type {number} */ step,
    /** @type {string} */ text,
  ) => h("i", { class: `w-${tone} g${step}` }, step > 1 && text);
  return h(
    "div",
    { class: "scale-key", "aria-hidden": "true" },
    h("span", { class: `t-${leftTone}` }, `◀ ${left} ${less}`),
    steps
      .toReversed()
      .map((step) => box(leftTone, step, (1 / SHADES[step - 2]).toFixed(2))),
    h("i", { class: "tie" }, "= tie"),
    steps.map((step) => box(rightTone, step, String(SHADES[step - 2]))),
    h("span", { class: `t-${rightTone}` }, `${right} ${less} ▶`),
  );
};
