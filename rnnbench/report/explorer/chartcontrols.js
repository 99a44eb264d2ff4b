/**
 * What the chart shows: the choices of the state, as far as they fit each other.
 *
 * @typedef {import("./app.js").App} App
 * @typedef {import("./run.js").Kind} Kind
 * @typedef {[value: string, text: string][]} Items
 */
import { makeRadios, makeSelect } from "./controls.js";
import { h } from "./dom.js";
import { EVERY_PAIR } from "./filters.js";
import { WINNER } from "./groups.js";
import { CHANGE, LAYER } from "./run.js";

/** @param {App} app */
export const makeChartControls = (app) => {
  const { run, store, metrics } = app;
  const y = makeSelect("Figure", (value) => store.set({ y: value }));
  const x = makeSelect("across", (value) => store.set({ x: value }));
  const color = makeSelect("colour", (value) => store.set({ color: value }));
  const facet = makeSelect("split by", (value) => store.set({ facet: value }));
  const yscale = makeRadios({
    ...{ name: "yscale", label: "Scale", onPick: (value) => store.set({ yscale: value }) },
    items: [
      ["log", "log"],
      ["linear", "linear"],
    ],
  });
  const yrange = makeRadios({
    ...{ name: "yrange", label: "Scale of the panels" },
    onPick: (value) => store.set({ yrange: value }),
    items: [
      ["shared", "one scale"],
      ["own", "own scales"],
    ],
  });
  const el = h(
    "div",
    { class: "controls" },
    ...[y.el, x.el, color.el, facet.el, yscale.el, yrange.el],
  );
  /** @type {Items} */
  const figures = [...metrics.values()].map(({ id, name }) => [id, name]);

  /** The choices that are drawn: one that does not fit gives way to the first that does. */
  const shown = () => {
    const state = store.get();
    const metric = metrics.get(state.y) ?? [...metrics.values()][0];
    const xItems = acrossItems(app, metric.of, metric.id);
    const across = fitting(xItems, state.x);
    const xMetric = metrics.get(across) ?? null;
    const facetItems = splitItems(app);
    return {
      ...{ y: metric, xMetric, xDimension: run.dimensionAt.get(across) ?? run.axes.length },
      color: fitting(colourItems(app, metric.of), state.color),
      facet: fitting(facetItems, state.facet),
    };
  };
  return {
    el,
    shown,
    update: () => {
      const state = store.get();
      const now = shown();
      y.update(figures, now.y.id);
      const across = now.xMetric?.id ?? run.dimensions[now.xDimension].id;
      x.update(acrossItems(app, now.y.of, now.y.id), across);
      color.update(colourItems(app, now.y.of), now.color);
      facet.update(splitItems(app), now.facet);
      yscale.update(state.yscale);
      yrange.update(state.yrange);
      yrange.el.hidden = now.facet === "";
    },
  };
};

/**
 * @param {Items} items
 * @param {string} value
 */
const fitting = (items, value) =>
  items.some(([id]) => id === value) ? value : items[0][0];

/**
 * Axes that a call's work depends on first, then sizes.
 *
 * @param {App} app
 * @returns {Items}
 */
const axisItems = ({ run }) => {
  const axes = [...run.axes].sort((a, b) => Number(a.size) - Number(b.size));
  return axes.map(({ id, name }) => [id, name]);
};

/**
 * The layer and, of ratios of several comparisons, the comparison.
 *
 * @param {App} app
 * @param {Kind} of
 * @returns {Items}
 */
const otherItems = ({ run, store }, of) => {
  /** @type {Items} */
  const items = [];
  const every = of === "ratio" && store.get().pair === EVERY_PAIR;
  if ((of === "case" || every) && run.layers.length > 1) items.push([LAYER, "layer"]);
  if (every) items.push([CHANGE, "comparison"]);
  return items;
};

/**
 * @param {App} app
 * @param {Kind} of
 * @param {string} y
 * @returns {Items}
 */
const acrossItems = (app, of, y) => {
  const figures = [...app.metrics.values()].filter((one) => one.of === of && one.id !== y);
  const sizes = app.run.axes.filter((axis) => axis.size).map((axis) => axis.id);
  const axes = axisItems(app).sort(
    ([a], [b]) => Number(sizes.includes(b)) - Number(sizes.includes(a)),
  );
  return [
    ...otherItems(app, of).filter(([id]) => id === CHANGE),
    ...axes,
    ...otherItems(app, of).filter(([id]) => id === LAYER),
    ...figures.map(({ id, name }) => /** @type {[string, string]} */ ([id, name])),
  ];
};

/**
 * @param {App} app
 * @param {Kind} of
 * @returns {Items}
 */
const colourItems = (app, of) => {
  const every = app.store.get().pair === EVERY_PAIR;
  /** @type {Items} */
  const first = of === "ratio" && !every ? [[WINNER, "who wins"]] : [];
  const items = [...first, ...otherItems(app, of), ...axisItems(app)];
  return items.length ? items : [[LAYER, "layer"]];
};

/**
 * No split, one axis, or two that are no sizes.
 *
 * @param {App} app
 * @returns {Items}
 */
const splitItems = (app) => {
  const { axes } = app.run;
  const others = axes.filter((axis) => !axis.size);
  const two = others.flatMap((a, n) =>
    others
      .slice(n + 1)
      .map(
        (b) =>
          /** @type {[string, string]} */ ([`${a.id},${b.id}`, `${a.name} and ${b.name}`]),
      ),
  );
  return [["", "no split"], ...axisItems(app), ...two];
};
