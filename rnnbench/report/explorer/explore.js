/**
 * "Explore": one filter, three views of what passes it, and the selection in full.
 *
 * @typedef {import("./app.js").App} App
 */
import { makeChart } from "./chart.js";
import { makeRadios, makeSelect } from "./controls.js";
import { h } from "./dom.js";
import { makeFilterBar } from "./filterbar.js";
import { EVERY_PAIR, pairAt, visibleCases, visibleRatios } from "./filters.js";
import { formatCount, plural } from "./format.js";
import { makeInspector } from "./inspector.js";
import { makeMap } from "./map.js";
import { makeTableView } from "./table.js";

// What is far below the fold is drawn when it comes near.
const NEAR = "800px";

/**
 * @param {App} app
 * @param {HTMLElement} holder
 */
export const startExplore = (app, holder) => {
  const { run, store, selector, metrics } = app;
  const filter = makeFilterBar(app);
  const views = makeRadios({
    ...{ name: "view", label: "View" },
    items: [
      ["map", "Map"],
      ["chart", "Chart"],
      ["table", "Table"],
    ],
    onPick: (view) => store.set({ view }),
  });
  const pair = makeSelect("Compare", (value) => store.set({ pair: value, page: 1 }));
  const count = h("p", { class: "count", role: "status" });
  const [map, chart, table] = [makeMap(app), makeChart(app), makeTableView(app)];
  const inspector = makeInspector(app);
  const bar = h(
    "div",
    { class: "row" },
    views.el,
    h("div", { class: "row" }, pair.el, count),
  );
  const stage = h("div", { class: "stage" }, bar, map.el, chart.el, table.el);
  holder.append(filter.el, h("div", { class: "deck" }, stage, inspector.el));
  const pairs = pairItems(app);
  const viewIds = availableViews(app);
  let isNear = false;
  let isPaper = false;

  const draw = () => {
    if (!isNear) return;
    const state = store.get();
    const view = viewIds.includes(state.view) ? state.view : viewIds[0];
    const isRatio =
      run.pairs.length > 0 &&
      (view === "map" ||
        (view === "chart"
          ? metrics.get(state.y)?.of !== "case"
          : state.table === "ratios"));
    const points = isRatio ? visibleRatios(run, state) : visibleCases(run, state);
    const each = selector.ratiosOf[pairAt(run, state.pair)]?.length ?? run.ratios.r.length;
    const all = isRatio ? each : run.cases.layer.length;
    count.textContent = `${formatCount(points.length)} of ${plural(all, isRatio ? "ratio" : "case")}`;
    filter.update();
    views.update(view, viewIds);
    pair.el.hidden = !isRatio;
    pair.update(pairs, state.pair);
    map.el.hidden = view !== "map";
    chart.el.hidden = view !== "chart";
    table.el.hidden = view !== "table";
    if (view === "map") map.update(points);
    if (view === "chart") chart.update(points);
    if (view === "table") table.update(points, { isRatio, isPaper });
    inspector.update();
  };
  store.onDraw(draw);
  const show = () => {
    isNear = true;
    draw();
  };
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      show();
    },
    { rootMargin: NEAR },
  );
  observer.observe(holder);
  return {
    show,
    /** @param {boolean} paper Whether all rows are wanted. */
    print: (paper) => {
      isPaper = paper;
      show();
    },
  };
};

/**
 * @param {App} app
 * @returns {[string, string][]}
 */
const pairItems = ({ run }) => {
  const each = run.pairs.map(
    ({ id, name }) => /** @type {[string, string]} */ ([id, name]),
  );
  return run.pairs.length > 1 ? [...each, [EVERY_PAIR, "every comparison"]] : each;
};

/**
 * @param {App} app
 * @returns {string[]}
 */
const availableViews = ({ run, metrics }) => {
  const views = [];
  if (run.pairs.length) views.push("map");
  if (metrics.size) views.push("chart");
  return [...views, "table"];
};
