/**
 * Where everything in a chart lies, in pixels; `paint.js` draws it.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./metrics.js").Metric} Metric
 * @typedef {import("./filters.js").Facet} Facet
 * @typedef {import("./groups.js").Grouping} Grouping
 * @typedef {import("./scales.js").Scale} Scale
 *
 * @typedef {object} Figure What is asked for.
 * @property {Metric} y
 * @property {Metric | null} xMetric
 * @property {number} xDimension Where there is no metric across.
 * @property {Facet[]} facets
 * @property {Grouping} grouping
 * @property {boolean} isLog
 * @property {boolean} isOwn Whether each panel has a scale of its own.
 * @property {boolean} hasMeans Whether a mean over the points means something.
 *
 * @typedef {{at: number, text: string, value: number}} Tick
 * @typedef {{group: number, at: [x: number, y: number][]}} Line
 *
 * @typedef {object} Panel
 * @property {string} title
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {Scale} scale
 * @property {Tick[]} yTicks
 * @property {boolean} hasLabels Whether its y ticks have text.
 * @property {number} from The first of its marks, and the one after the last.
 * @property {number} to
 * @property {Line[]} series Of the same place but for what is across.
 * @property {Line[]} means
 *
 * @typedef {object} Marks
 * @property {Float32Array} x
 * @property {Float32Array} y
 * @property {Int32Array} point
 * @property {number} count
 *
 * @typedef {object} Plot
 * @property {number} width
 * @property {number} height
 * @property {Tick[]} xTicks
 * @property {string} xTitle
 * @property {Panel[]} panels
 * @property {Marks} marks
 */
import { withoutZeros } from "./format.js";
import { makeScale, niceTicks, ratioTicks, scaleAround } from "./scales.js";
import { joinMarks } from "./series.js";

const MARGIN = { left: 62, gap: 18, top: 26, bottom: 44 };
const NARROWEST_PANEL = 300;
// A point is moved aside by at most this share of the width, so that none hides another.
const JITTER = 0.05;

/**
 * @param {Run} run
 * @param {Figure} figure
 * @param {number} width
 * @returns {Plot}
 */
export const layOutPlot = (run, figure, width) => {
  const { facets, y } = figure;
  const points = facets.flatMap((facet) => facet.points);
  const across = acrossOf(facets.length, width);
  const panelHeight = heightOf(facets.length, width);
  const x = xPositions(run, figure, points);
  const shared = figure.isOwn ? null : yScale(figure, points);
  const marks = {
    x: new Float32Array(points.length),
    y: new Float32Array(points.length),
    point: new Int32Array(points.length),
    count: 0,
  };
  const panels = facets.map((facet, n) => {
    const scale = shared ?? yScale(figure, facet.points);
    const panel = {
      ...boxOf(n, { across, width, panelHeight, isOwn: figure.isOwn }),
      ...{ title: facet.title, scale, yTicks: yTicks(y, scale) },
      hasLabels: figure.isOwn || n % across === 0,
      ...{ from: marks.count, to: marks.count + facet.points.length },
      ...{ series: /** @type {Line[]} */ ([]), means: /** @type {Line[]} */ ([]) },
    };
    placeMarks(panel, facet, figure, x, marks);
    if (!figure.xMetric) joinMarks(run, panel, figure, marks, x.at);
    return panel;
  });
  const height = Math.ceil(facets.length / across) * panelHeight;
  return { width, height, xTicks: x.ticks, xTitle: x.title, panels, marks };
};

/**
 * @param {number} count
 * @param {number} width
 */
const acrossOf = (count, width) => {
  const most = Math.max(1, Math.min(count, Math.floor(width / NARROWEST_PANEL)));
  // No last row with an empty place, if one column less fills it.
  return most > 1 && count % most && count % (most - 1) === 0 ? most - 1 : most;
};

/**
 * @param {number} count
 * @param {number} width
 */
const heightOf = (count, width) => {
  if (count <= 1) return Math.min(520, Math.max(340, width * 0.5));
  return width < 600 ? 260 : 300;
};

/**
 * @param {number} n
 * @param {{across: number, width: number, panelHeight: number, isOwn: boolean}} layout
 */
const boxOf = (n, { across, width, panelHeight, isOwn }) => {
  const { left, gap, top, bottom } = MARGIN;
  const column = n % across;
  const step = isOwn ? width / across : (width - left) / across;
  return {
    x: left + column * step,
    y: Math.floor(n / across) * panelHeight + top,
    width: isOwn ? step - left - gap : step - gap,
    height: panelHeight - top - bottom,
  };
};

/**
 * @param {Figure} figure
 * @param {number[]} points
 */
const yScale = ({ y, isLog }, points) =>
  scaleAround(points.map(y.value), { log: isLog, ratio: y.ratio });

/**
 * @param {Metric} metric
 * @param {Scale} scale
 * @returns {Tick[]}
 */
const yTicks = (metric, scale) => {
  const values =
    metric.ratio && scale.log
      ? ratioTicks(scale, 8)
      : niceTicks(scale, { binary: metric.binary });
  return ticksAt(values, metric, scale);
};

/**
 * @param {number[]} values
 * @param {Metric} metric
 * @param {Scale} scale
 */
const ticksAt = (values, metric, scale) =>
  values.map((value) => ({
    at: scale.at(value),
    text: withoutZeros(metric.text(value)),
    value,
  }));

/**
 * Sizes stand apart by their logarithm, words evenly, figures on a log scale.
 *
 * @param {Run} run
 * @param {Figure} figure
 * @param {number[]} points
 * @returns {{at: (point: number) => number, ticks: Tick[], title: string, value: (point: number) => number}}
 */
const xPositions = (run, { xMetric, xDimension, y }, points) => {
  if (xMetric) {
    const scale = scaleAround(points.map(xMetric.value), {
      log: true,
      ratio: xMetric.ratio,
      room: 0.05,
    });
    const values = xMetric.ratio
      ? ratioTicks(scale, 6)
      : niceTicks(scale, { binary: xMetric.binary, most: 5 });
    const at = (/** @type {number} */ point) => scale.at(xMetric.value(point));
    return {
      at,
      ticks: ticksAt(values, xMetric, scale),
      title: xMetric.name,
      value: xMetric.value,
    };
  }
  const { words, size, title, at } = run.dimensions[xDimension];
  const column = at[y.of];
  const numbers = size ? words.map(Number) : [];
  const isSpaced = numbers.length > 1 && numbers.every((value) => value > 0);
  const scale = isSpaced
    ? makeScale(numbers[0], numbers[numbers.length - 1], true)
    : makeScale(0, Math.max(1, words.length - 1), false);
  const places = words.map((_, n) => 0.09 + 0.82 * scale.at(isSpaced ? numbers[n] : n));
  if (words.length === 1) places[0] = 0.5;
  return {
    at: (point) => (column[point] < 0 ? 0.5 : places[column[point]]),
    ticks: words.map((text, n) => ({ at: places[n], text, value: n })),
    title,
    value: (point) => column[point],
  };
};

/**
 * @param {Panel} panel
 * @param {Facet} facet
 * @param {Figure} figure
 * @param {{at: (point: number) => number, ticks: Tick[]}} x
 * @param {Marks} marks Gets the panel's points.
 */
const placeMarks = (panel, facet, { y, grouping, xMetric }, x, marks) => {
  const spread = xMetric ? 0 : Math.min(JITTER, 0.35 / x.ticks.length);
  const count = grouping.groups.length;
  const apart = xMetric || count > 8 ? 0 : Math.min(0.012, 0.2 / x.ticks.length / count);
  for (const point of facet.points) {
    // The same point is always moved by the same amount.
    const noise = ((Math.imul(point, 2654435761) >>> 8) % 1000) / 1000 - 0.5;
    const aside = noise * spread + (grouping.of(point) - (count - 1) / 2) * apart;
    marks.x[marks.count] = panel.x + (x.at(point) + aside) * panel.width;
    marks.y[marks.count] = yOf(panel, y.value(point));
    marks.point[marks.count] = point;
    marks.count += 1;
  }
};

/**
 * @param {Panel} panel
 * @param {number} value
 */
export const yOf = (panel, value) => panel.y + panel.height * (1 - panel.scale.at(value));

/**
 * The mark nearest to a pixel within `reach`, or -1.
 *
 * @param {Marks} marks
 * @param {number} x
 * @param {number} y
 * @param {number} reach
 */
export const closestMark = (marks, x, y, reach) => {
  let best = -1;
  let least = reach * reach;
  for (let m = 0; m < marks.count; m++) {
    const distance = (marks.x[m] - x) ** 2 + (marks.y[m] - y) ** 2;
    if (distance < least) [least, best] = [distance, m];
  }
  return best;
};

/**
 * Marks in the order in which they are read: panel by panel, from left to right.
 *
 * @param {Plot} plot
 * @returns {number[]}
 */
export const readingOrder = ({ panels, marks }) =>
  panels.flatMap(({ from, to }) =>
    Array.from({ length: to - from }, (_, n) => from + n).sort(
      (a, b) => marks.x[a] - marks.x[b] || marks.y[a] - marks.y[b],
    ),
  );
