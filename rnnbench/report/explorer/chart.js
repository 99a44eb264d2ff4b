/**
 * The chart: any dimension or figure across, any figure up.
 *
 * @typedef {import("./app.js").App} App
 * @typedef {import("./plot.js").Plot} Plot
 * @typedef {import("./plot.js").Figure} Figure
 * @typedef {{plot: Plot, figure: Figure}} Shown
 */
import { pickRatio, selectedRatio } from "./app.js";
import { makeChartControls } from "./chartcontrols.js";
import { makeChangeCheck } from "./controls.js";
import { h, replaceKids, s } from "./dom.js";
import { dimensionsIn, EVERY_PAIR, splitIntoFacets } from "./filters.js";
import { highEnd, lowEnd, plural } from "./format.js";
import { groupBy } from "./groups.js";
import { paintPlot } from "./paint.js";
import { paintsOf, readPalette, shapesOf } from "./palette.js";
import { placeOfCasePick } from "./pick.js";
import { closestMark, layOutPlot, readingOrder } from "./plot.js";
import { caseLines, ratioLines } from "./tip.js";
import { sidesOfRatio } from "./words.js";

const REACH = 24;
const NARROWEST_PLOT = 280;

/** @param {App} app */
export const makeChart = (app) => {
  const { run, store, tip } = app;
  const controls = makeChartControls(app);
  const canvas = h("canvas", {
    tabindex: 0,
    role: "application",
    "aria-roledescription": "chart",
  });
  const legend = h("p", { class: "legend" });
  const holder = h("div", { class: "plot" }, canvas);
  const empty = h("p", { class: "sub" }, "Nothing passes the filter.");
  const note = h("p", { class: "sub small" });
  const el = h("div", null, controls.el, legend, holder, empty, note);
  /** @type {Shown | null} */
  let shown = null;
  new ResizeObserver(() => shown && store.draw()).observe(el);
  listen(app, canvas, () => shown);
  const changed = makeChangeCheck();

  /** Colours follow the theme, rings the selection. @param {Shown} what */
  const paint = ({ plot, figure }) => {
    const palette = readPalette();
    const { groups, of: groupOf } = figure.grouping;
    const paints = paintsOf(groups, palette);
    const shapes = shapesOf(groups);
    const look = lookOf(app, figure, plot.marks.point[0]);
    paintPlot(canvas, plot, { palette, paints, shapes, groupOf, ...look });
    const used = new Set(plot.marks.point.map(groupOf));
    const items = groups.map(
      ({ text }, n) =>
        used.has(n) && h("span", null, legendMark(shapes[n], paints[n]), text),
    );
    replaceKids(legend, items);
  };

  return {
    el,
    /** Points of the kind that the figure is of. @param {number[]} points */
    update: (points) => {
      controls.update();
      const width = Math.max(NARROWEST_PLOT, Math.round(el.clientWidth));
      const { pair, only, yscale, yrange } = store.get();
      const choice = controls.shown();
      const { y, xMetric, xDimension, color, facet } = choice;
      const across = xMetric?.id ?? xDimension;
      if (!changed(width, pair, only, yscale, yrange, y.id, across, color, facet)) {
        if (shown) paint(shown);
        return;
      }
      const figure = figureOf(app, choice, points);
      const count = figure.facets.reduce((sum, facet) => sum + facet.points.length, 0);
      holder.hidden = legend.hidden = count === 0;
      empty.hidden = count > 0;
      note.textContent = noteOf(figure);
      if (!count) {
        shown = null;
        return;
      }
      shown = { plot: layOutPlot(run, figure, width), figure };
      paint(shown);
      canvas.setAttribute("aria-label", describe(figure, shown.plot));
    },
    hide: () => tip.hide(),
  };
};

/**
 * @param {App} app
 * @param {ReturnType<ReturnType<typeof makeChartControls>["shown"]>} choice
 * @param {number[]} points
 * @returns {Figure}
 */
const figureOf = ({ run, store }, { y, xMetric, xDimension, color, facet }, points) => {
  const { yscale, yrange, pair } = store.get();
  const drawable = points.filter((point) => {
    const x = xMetric ? xMetric.value(point) : 1;
    return (
      y.value(point) > 0 && x > 0 && Number.isFinite(y.value(point)) && Number.isFinite(x)
    );
  });
  const asked = dimensionsIn(run, facet);
  const { facets } = splitIntoFacets(run, asked, drawable, y.of);
  return {
    ...{ y, xMetric, xDimension, facets },
    grouping: groupBy(run, color, y.of, y.of === "ratio" ? (drawable[0] ?? -1) : -1),
    isLog: yscale === "log",
    isOwn: yrange === "own" && facets.length > 1,
    // Means over different comparisons, or over different layers, mean nothing.
    hasMeans: y.of === "ratio" ? pair !== EVERY_PAIR : color === "layer",
  };
};

/**
 * @param {App} app
 * @param {Figure} figure
 * @param {number} point Any that is shown.
 */
const lookOf = (app, { y, grouping }, point) => {
  const { run, store } = app;
  const { cases, ratios } = run;
  const isRatio = y.of === "ratio";
  const chosen = selectedRatio(app);
  const sides =
    isRatio && store.get().pair !== EVERY_PAIR ? sidesOfRatio(run, point) : null;
  const less = y.id === "memory_ratio" ? "needs less" : "faster";
  return {
    isNeutral: grouping.isNeutral,
    isHollow: (/** @type {number} */ point) =>
      isRatio
        ? cases.s[ratios.a[point]] + cases.s[ratios.b[point]] > 0
        : cases.s[point] > 0,
    isChosen: (/** @type {number} */ point) =>
      isRatio ? point === chosen : point === ratios.a[chosen] || point === ratios.b[chosen],
    ends: (/** @type {number} */ point) => {
      const half = y.h ? y.h(point) : -1;
      const value = y.value(point);
      return half < 0
        ? null
        : /** @type {[number, number]} */ ([lowEnd(value, half), highEnd(value, half)]);
    },
    zones: sides && {
      tones: /** @type {[string, string]} */ ([sides.leftTone, sides.rightTone]),
      words: /** @type {[string, string]} */ ([
        `${sides.left} ${less}`,
        `${sides.right} ${less}`,
      ]),
    },
  };
};

/**
 * @param {App} app
 * @param {HTMLCanvasElement} canvas
 * @param {() => Shown | null} now
 */
const listen = (app, canvas, now) => {
  const { run, store, selector, tip, announce } = app;
  let walked = -1;
  const linesOf = (/** @type {number} */ m) => {
    const shown = now();
    if (!shown) return [];
    const point = shown.plot.marks.point[m];
    return shown.figure.y.of === "ratio" ? ratioLines(run, point) : caseLines(run, point);
  };
  const hint = (/** @type {number} */ m) => {
    const box = canvas.getBoundingClientRect();
    const marks = now()?.plot.marks;
    if (marks) tip.show(box.x + marks.x[m], box.y + marks.y[m], linesOf(m));
  };
  const pick = (/** @type {number} */ m) => {
    const shown = now();
    const point = shown?.plot.marks.point[m] ?? -1;
    if (!shown || point < 0) return;
    if (shown.figure.y.of === "ratio") pickRatio(app, point);
    else
      store.set({ at: placeOfCasePick(run, selector, point, store.get().at), moved: "" });
  };
  const under = (/** @type {PointerEvent | MouseEvent} */ event) => {
    const marks = now()?.plot.marks;
    return marks ? closestMark(marks, event.offsetX, event.offsetY, REACH) : -1;
  };
  canvas.addEventListener("pointermove", (event) => {
    const m = under(event);
    if (m < 0) tip.hide();
    else hint(m);
  });
  canvas.addEventListener("pointerleave", tip.hide);
  canvas.addEventListener("blur", tip.hide);
  canvas.addEventListener("click", (event) => {
    const m = under(event);
    if (m < 0) return;
    walked = m;
    pick(m);
    hint(m);
  });
  canvas.addEventListener("keydown", (event) => {
    const shown = now();
    if (!shown?.plot.marks.count) return;
    if (event.key === "Enter" && walked >= 0) pick(walked);
    const order = readingOrder(shown.plot);
    const from = order.indexOf(walked);
    const next = stepTo(event.key, from, order.length);
    if (next < 0) return;
    event.preventDefault();
    walked = order[next];
    hint(walked);
    announce(linesOf(walked).join(", "));
  });
};

/**
 * @param {string} key
 * @param {number} from
 * @param {number} count
 * @returns {number} -1 for another key.
 */
const stepTo = (key, from, count) => {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  if (key === "ArrowRight" || key === "ArrowDown") return (from + 1) % count;
  if (key === "ArrowLeft" || key === "ArrowUp")
    return (Math.max(from, 0) + count - 1) % count;
  return -1;
};

/** @param {Figure} figure */
const noteOf = ({ grouping, hasMeans, xMetric }) => {
  const pale = xMetric ? "" : "Pale lines join the same place. ";
  const bold = hasMeans && !xMetric ? "Bold lines are geometric means. " : "";
  const hollow = "Hollow points are imprecise. ";
  const keys = "Arrow keys walk from point to point, Enter picks one.";
  return pale + (grouping.isNeutral || hasMeans ? bold : "") + hollow + keys;
};

/**
 * @param {Figure} figure
 * @param {Plot} plot
 */
const describe = ({ y }, { xTitle, panels, marks }) =>
  `${y.name} over ${xTitle}: ${plural(marks.count, "point")} in ${plural(panels.length, "panel")}. ` +
  "Arrow keys read them one by one; the Table view has every number.";

/**
 * @param {number} shape
 * @param {string} paint
 */
const legendMark = (shape, paint) => {
  const d = [
    "M5 1a4 4 0 1 0 .1 0z",
    "M5 0 10 5 5 10 0 5z",
    "M1 1h8v8h-8z",
    "M5 1 9.5 9h-9z",
    "M5 9 9.5 1h-9z",
  ][shape];
  const path = s("path", { d });
  path.style.fill = paint;
  return s("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, path);
};
