/**
 * The table: ratios or cases, 50 rows a page; paper gets all of them.
 *
 * @typedef {import("./app.js").App} App
 * @typedef {import("./columns.js").Column} Column
 */
import { pickRatio, selectedRatio } from "./app.js";
import { caseColumns, ratioColumns, sortPoints } from "./columns.js";
import { makeButton, makeChangeCheck, makeRadios, NARROW } from "./controls.js";
import { h, replaceKids } from "./dom.js";
import { saveTable } from "./download.js";
import { formatCount } from "./format.js";
import { placeOfCasePick } from "./pick.js";

const PAGE = 50;
// On a phone these come first, or they would be off the screen.
const KEYS = ["layer", "time", "ratio", "verdict"];

/** @param {App} app */
export const makeTableView = (app) => {
  const { run, store } = app;
  const kinds = makeRadios({
    ...{ name: "table", label: "Rows" },
    items: [
      ["ratios", "Ratios"],
      ["times", "Times and memory"],
    ],
    onPick: (table) => store.set({ table, sort: "", page: 1 }),
  });
  /** @type {{points: number[], columns: Column[]}} */
  let shown = { points: [], columns: [] };
  const save = (/** @type {"csv" | "json"} */ form) =>
    saveTable(run.run.sweep, shown.columns, shown.points, form);
  const buttons = [
    makeButton("Save as CSV", () => save("csv")),
    makeButton("Save as JSON", () => save("json")),
  ];
  const controls = h("div", { class: "controls" }, kinds.el, buttons);
  const head = h("thead", null);
  const body = h("tbody", null);
  const frame = h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of the cases" },
    h(
      "table",
      { class: "plain dense", "aria-label": "What passes the filter" },
      head,
      body,
    ),
  );
  const pager = makePager(app);
  const narrow = matchMedia(NARROW);
  narrow.addEventListener("change", store.draw);
  const el = h("div", null, controls, frame, pager.el);
  const columnsChanged = makeChangeCheck();
  const rowsChanged = makeChangeCheck();
  /** @type {{button: Element, column: Column}[]} */
  let heads = [];

  const sortBy = (/** @type {Column} */ column) => {
    const isSame = store.get().sort === column.id;
    store.set({ sort: isSame ? `-${column.id}` : column.id, page: 1 });
  };
  return {
    el,
    /**
     * @param {number[]} visible
     * @param {{isRatio: boolean, isPaper: boolean}} how
     */
    update: (visible, { isRatio, isPaper }) => {
      const { pair, sort, page, table, only } = store.get();
      kinds.update(table, run.pairs.length ? ["ratios", "times"] : ["times"]);
      if (rowsChanged(pair, sort, page, table, only, isPaper, narrow.matches)) {
        const all = isRatio ? ratioColumns(run, pair, visible) : caseColumns(run, visible);
        const columns = narrow.matches ? keysFirst(all) : all;
        const by = columns.find(({ id }) => id === sort.replace("-", ""));
        const points = sortPoints(visible, by, sort.startsWith("-"));
        shown = { points, columns };
        if (columnsChanged(columns.map(({ id, name }) => [id, name]))) {
          heads = columns.map((column) => makeColumnHead(column, () => sortBy(column)));
          replaceKids(
            head,
            h(
              "tr",
              null,
              heads.map(({ button }) => button),
            ),
          );
        }
        for (const { button, column } of heads) {
          if (column.id !== by?.id) button.removeAttribute("aria-sort");
          else
            button.setAttribute(
              "aria-sort",
              sort.startsWith("-") ? "descending" : "ascending",
            );
        }
        const from = isPaper ? 0 : pager.update(points.length, page);
        const rows = isPaper ? points : points.slice(from, from + PAGE);
        replaceKids(
          body,
          rows.map((point) => makeRow(app, columns, point, isRatio)),
        );
      }
      const now = String(isRatio ? selectedRatio(app) : -1);
      for (const row of body.rows) row.classList.toggle("now", row.dataset.point === now);
    },
  };
};

/** @param {Column[]} columns */
const keysFirst = (columns) => [
  ...columns.filter(({ id }) => KEYS.includes(id)),
  ...columns.filter(({ id }) => !KEYS.includes(id)),
];

/**
 * @param {Column} column
 * @param {() => void} onClick
 */
const makeColumnHead = (column, onClick) => ({
  column,
  button: h(
    "th",
    { scope: "col", class: column.isNumber && "n" },
    makeButton(column.name, onClick),
  ),
});

/**
 * @param {App} app
 * @param {Column[]} columns
 * @param {number} point
 * @param {boolean} isRatio
 */
const makeRow = (app, columns, point, isRatio) => {
  const { run, store, selector } = app;
  const pick = () => {
    if (isRatio) pickRatio(app, point);
    else
      store.set({ at: placeOfCasePick(run, selector, point, store.get().at), moved: "" });
  };
  const cells = columns.map(({ id, isNumber, text, tone }) => {
    const classes = [isNumber ? "n" : "", tone ? `t-${tone(point)}` : ""].join(" ").trim();
    // One control a row, so that the keyboard can pick it.
    const isKey = id === "ratio" || id === "time";
    return h(
      "td",
      { class: classes || null },
      isKey ? makeButton(text(point), pick) : text(point),
    );
  });
  const onclick = (/** @type {Event} */ { target }) => {
    if (target instanceof Element && !target.closest("button")) pick();
  };
  return h("tr", { class: "pickable", "data-point": point, onclick }, cells);
};

/** @param {App} app */
const makePager = ({ store }) => {
  let [now, pages] = [1, 1];
  const go = (/** @type {number} */ page) => {
    if (page >= 1 && page <= pages) store.set({ page });
  };
  const back = makeButton("Previous", () => go(now - 1));
  const next = makeButton("Next", () => go(now + 1));
  const text = h("span", { role: "status" });
  const el = h("p", { class: "pager" }, back, text, next);
  return {
    el,
    /**
     * @param {number} count
     * @param {number} page
     * @returns {number} The first row.
     */
    update: (count, page) => {
      pages = Math.max(1, Math.ceil(count / PAGE));
      now = Math.min(page, pages);
      el.hidden = pages === 1;
      text.textContent = `Page ${formatCount(now)} of ${formatCount(pages)}`;
      // Not disabled: a disabled button would lose the focus.
      back.setAttribute("aria-disabled", String(now === 1));
      next.setAttribute("aria-disabled", String(now === pages));
      return (now - 1) * PAGE;
    },
  };
};
