/**
 * The lines of a chart that join its points.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./run.js").Kind} Kind
 * @typedef {import("./groups.js").Grouping} Grouping
 * @typedef {import("./plot.js").Figure} Figure
 * @typedef {import("./plot.js").Line} Line
 * @typedef {import("./plot.js").Marks} Marks
 * @typedef {import("./plot.js").Panel} Panel
 */
import { stridesOf } from "./places.js";

const MOST_SERIES = 4000;

/**
 * Pale lines join the same place; bold ones are geometric means of a group.
 *
 * @param {Run} run
 * @param {Panel} panel
 * @param {Figure} figure
 * @param {Marks} marks
 * @param {(point: number) => number} xAt
 */
export const joinMarks = (
  run,
  panel,
  { y, xDimension, grouping, hasMeans },
  marks,
  xAt,
) => {
  const keyOf = seriesKey(run, y.of, xDimension);
  /** @type {Map<number, number[]>} */
  const series = new Map();
  /** @type {Map<number, {group: number, x: number, sum: number, count: number}>} */
  const sums = new Map();
  const dimension = run.dimensions[xDimension];
  const column = dimension.at[y.of];
  for (let m = panel.from; m < panel.to; m++) {
    const point = marks.point[m];
    const key = keyOf(point);
    const members = series.get(key);
    if (members) members.push(m);
    else series.set(key, [m]);
    const group = grouping.isNeutral ? 0 : grouping.of(point);
    const slot = group * (dimension.words.length + 1) + column[point] + 1;
    const sum = sums.get(slot) ?? { group, x: xAt(point), sum: 0, count: 0 };
    sum.sum += panel.scale.at(y.value(point));
    sum.count += 1;
    sums.set(slot, sum);
  }
  if (series.size < MOST_SERIES)
    panel.series = seriesLines([...series.values()], grouping, marks);
  if (hasMeans && dimension.size) panel.means = meanLines(panel, [...sums.values()]);
};

/**
 * A number that is the same for points that differ only in what is across.
 *
 * @param {Run} run
 * @param {Kind} of
 * @param {number} xDimension
 */
const seriesKey = (run, of, xDimension) => {
  const strides = stridesOf(run);
  const axes = run.axes.map((_, k) => k).filter((k) => k !== xDimension);
  const columns = axes.map((k) => run.dimensions[k].at[of]);
  const pairs = xDimension < run.axes.length && of === "ratio" ? run.ratios.k : null;
  const layers =
    xDimension === run.axes.length ? null : run.dimensions[run.axes.length].at[of];
  return (/** @type {number} */ point) => {
    let key = 0;
    for (let n = 0; n < axes.length; n++) key += (columns[n][point] + 1) * strides[axes[n]];
    key = key * (run.layers.length + 1) + (layers ? layers[point] : 0);
    return key * (run.pairs.length + 1) + (pairs ? pairs[point] : 0);
  };
};

/**
 * @param {number[][]} series
 * @param {Grouping} grouping
 * @param {Marks} marks
 * @returns {Line[]}
 */
const seriesLines = (series, grouping, marks) =>
  series
    .filter((members) => members.length > 1)
    .map((members) => {
      members.sort((a, b) => marks.x[a] - marks.x[b]);
      const at = members.map(
        (m) => /** @type {[number, number]} */ ([marks.x[m], marks.y[m]]),
      );
      return { group: grouping.of(marks.point[members[0]]), at };
    });

/**
 * @param {Panel} panel
 * @param {{group: number, x: number, sum: number, count: number}[]} sums
 * @returns {Line[]}
 */
const meanLines = (panel, sums) => {
  const groups = [...new Set(sums.map((sum) => sum.group))];
  return groups
    .map((group) => ({
      group,
      at: sums
        .filter((sum) => sum.group === group)
        .sort((a, b) => a.x - b.x)
        .map(
          ({ x, sum, count }) =>
            /** @type {[number, number]} */ ([
              panel.x + x * panel.width,
              panel.y + panel.height * (1 - sum / count),
            ]),
        ),
    }))
    .filter((line) => line.at.length > 1);
};
