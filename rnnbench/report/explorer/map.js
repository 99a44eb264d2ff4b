/**
 * The map: a table of ratios, a shade for each, one panel for each backend and phase.
 *
 * @typedef {import("./app.js").App} App
 * @typedef {import("./grid.js").Cell} Cell
 * @typedef {import("./grid.js").Grid} Grid
 * @typedef {import("./grid.js").GridPanel} GridPanel
 */
import { pickRatio, selectedRatio } from "./app.js";
import { makeChangeCheck, makeSelect, NARROW } from "./controls.js";
import { h, replaceKids } from "./dom.js";
import { EVERY_PAIR } from "./filters.js";
import { formatCount } from "./format.js";
import { makeGrid } from "./grid.js";
import { makeMapTable, makeShadeKey } from "./maptable.js";
import { MOST_CELLS, sizesByCount } from "./state.js";
import { walkCells } from "./walk.js";

// On a phone so many panels are shown before the rest is folded.
const FIRST_PANELS = 2;

/** @param {App} app */
export const makeMap = (app) => {
  const { run, store } = app;
  const rows = makeSelect("Rows", (value) => store.set({ rows: value }));
  const cols = makeSelect("Columns", (value) => store.set({ cols: value }));
  const figure = makeSelect("Figure", (value) => store.set({ figure: value }));
  const controls = h("div", { class: "controls" }, rows.el, cols.el, figure.el);
  const body = h("div", null);
  const el = h("div", null, controls, body);
  const narrow = matchMedia(NARROW);
  narrow.addEventListener("change", store.draw);
  const choices = sideChoices(app);
  /** @type {Map<HTMLElement, Cell>} */
  const cellOf = new Map();
  const changed = makeChangeCheck();
  let grid = /** @type {Grid | null} */ (null);

  const pick = (/** @type {HTMLElement} */ element) => {
    const cell = cellOf.get(element);
    if (!cell || !grid) return;
    if (cell.ratios.length === 1) pickRatio(app, cell.ratios[0]);
    else drillInto(app, cell, grid);
  };
  body.addEventListener("click", ({ target }) => {
    const element = target instanceof Element && target.closest("td");
    if (element) pick(element);
  });
  body.addEventListener("keydown", (event) => walkCells(app, event, cellOf, pick));

  return {
    el,
    /** @param {number[]} ratios */
    update: (ratios) => {
      const { pair, only, figure: shown, rows: rowIds, cols: colIds } = store.get();
      const every = pair === EVERY_PAIR;
      rows.el.hidden = cols.el.hidden = every;
      rows.update(choices, rowIds);
      cols.update(choices, colIds);
      figure.update(
        [
          ["time", "time ratio"],
          ["memory", "memory ratio"],
        ],
        shown,
      );
      if (changed(pair, only, shown, rowIds, colIds, narrow.matches)) {
        const next = makeGrid(run, store.get(), ratios);
        grid = next;
        cellOf.clear();
        const tables = next.panels.map((panel) => makeMapTable(app, next, panel, cellOf));
        const key = ratios.length > 0 && makeShadeKey(app, every ? -1 : ratios[0]);
        replaceKids(
          body,
          key,
          arrange(app, next, tables, narrow.matches),
          poolingNote(next),
        );
      }
      markSelected(app, cellOf);
    },
  };
};

/**
 * Each dimension alone, and each size within another.
 *
 * @param {App} app
 * @returns {[string, string][]}
 */
const sideChoices = ({ run }) => {
  const order = run.axes.map((_, k) => k);
  order.sort((a, b) => Number(run.axes[a].size) - Number(run.axes[b].size));
  const sizes = sizesByCount(run);
  return [
    ...order.map(
      (k) => /** @type {[string, string]} */ ([run.axes[k].id, run.axes[k].name]),
    ),
    ...sizes.flatMap((a) =>
      sizes
        .filter((b) => b !== a)
        .map((b) => {
          const [one, other] = [run.axes[a], run.axes[b]];
          const text = `${one.name}, then ${other.name}`;
          return /** @type {[string, string]} */ ([`${one.id},${other.id}`, text]);
        }),
    ),
  ];
};

/**
 * Panels side by side. On a phone the default backend comes first, the rest is folded.
 *
 * @param {App} app
 * @param {Grid} grid
 * @param {HTMLElement[]} tables
 * @param {boolean} isNarrow
 */
const arrange = ({ run }, grid, tables, isNarrow) => {
  if (grid.count > MOST_CELLS) {
    const text = `That would be ${formatCount(grid.count)} cells. `;
    return h(
      "p",
      { class: "sub" },
      text,
      "Choose fewer dimensions for the rows or columns, or filter.",
    );
  }
  if (!tables.length) return h("p", { class: "sub" }, "Nothing passes the filter.");
  const widest = Math.max(...grid.panels.map((panel) => panel.cols.length));
  const frame = (/** @type {HTMLElement[]} */ shown) =>
    h(
      "div",
      { class: "scroll" },
      h("div", { class: `maps${widest > 9 ? " wide" : ""}` }, shown),
    );
  if (!isNarrow || tables.length <= FIRST_PANELS) return frame(tables);
  const isDefault = (/** @type {GridPanel} */ panel) =>
    grid.panelDimensions.every((d, n) => {
      const axis = run.axes[d];
      return axis.id === "phase" || panel.values[n] === Math.max(0, axis.default);
    });
  const defaults = grid.panels.flatMap((panel, n) => (isDefault(panel) ? [n] : []));
  const first = defaults.length ? defaults : [0];
  const rest = tables.filter((_, n) => !first.includes(n));
  const titles = grid.panels
    .filter((_, n) => !first.includes(n))
    .map((panel) => panel.title);
  const summary = `${rest.length} more: ${titles[0]}${rest.length > 1 ? " …" : ""}`;
  return [
    frame(first.map((n) => tables[n])),
    rest.length > 0 &&
      h("details", { class: "more" }, h("summary", null, summary), frame(rest)),
  ];
};

/** @param {Grid} grid */
const poolingNote = ({ panels }) => {
  const cells = panels.flatMap((panel) => panel.cells.flat());
  return (
    cells.some((cell) => cell && cell.ratios.length > 1) &&
    h(
      "p",
      { class: "sub small" },
      "A cell that holds several sizes shows their geometric mean; the bar below it shows " +
        "how many each side wins. Click it to look inside.",
    )
  );
};

/**
 * @param {App} app
 * @param {Map<HTMLElement, Cell>} cellOf
 */
const markSelected = (app, cellOf) => {
  const now = selectedRatio(app);
  const focusable = [...cellOf.keys()].find((element) => element.tabIndex === 0);
  let target = focusable;
  for (const [element, { ratios }] of cellOf) {
    const isNow = ratios.includes(now);
    if (isNow === element.classList.contains("now")) continue;
    element.classList.toggle("now", isNow);
    if (isNow) element.setAttribute("aria-selected", "true");
    else element.removeAttribute("aria-selected");
  }
  const selected = [...cellOf.keys()].find((element) => element.classList.contains("now"));
  if (selected && !focusable?.matches(":focus")) target = selected;
  target ??= cellOf.keys().next().value;
  if (!target || target === focusable) return;
  if (focusable) focusable.tabIndex = -1;
  target.tabIndex = 0;
};

/**
 * Filter by the values that the cell's ratios share along the map's sides and panels.
 *
 * @param {App} app
 * @param {Cell} cell
 * @param {Grid} grid
 */
const drillInto = ({ run, store, links }, { ratios }, grid) => {
  const state = store.get();
  const only = state.only.map((values) => [...values]);
  const [first] = ratios;
  for (const d of [...grid.panelDimensions, ...grid.rowDimensions, ...grid.colDimensions]) {
    const value = run.dimensions[d].at.ratio[first];
    if (d < run.axes.length && value >= 0) only[d] = [value];
  }
  const every = state.pair === EVERY_PAIR;
  const pair = every ? run.pairs[run.ratios.k[first]].id : state.pair;
  // A few ratios of one comparison say most as a table.
  links.jump("explore", { only, pair, page: 1, view: every ? "table" : "chart" });
};
