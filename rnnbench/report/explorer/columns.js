/**
 * The columns of the table and of the files that are saved.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./run.js").Kind} Kind
 * @typedef {import("./csv.js").Field} Field
 *
 * @typedef {object} Column
 * @property {string} id
 * @property {string} name
 * @property {boolean} isNumber
 * @property {(point: number) => string} text
 * @property {(point: number) => number} sort NaN comes last.
 * @property {((point: number) => string) | null} tone
 * @property {[name: string, value: (point: number) => Field][]} fields In a file.
 */
import {
  formatBytes,
  formatEnergy,
  formatInterval,
  formatRate,
  formatTime,
  formatTimeInterval,
  formatTimes,
  highEnd,
  lowEnd,
} from "./format.js";
import { EVERY_PAIR } from "./filters.js";
import { memoryRatio, sizeOf } from "./metrics.js";
import { CHANGE } from "./run.js";
import { layerOf, UNDECIDED, winnerOf } from "./words.js";

const PER_SECOND = 1e9;

/**
 * @param {Run} run
 * @param {string} pair
 * @param {number[]} points
 * @returns {Column[]}
 */
export const ratioColumns = (run, pair, points) => {
  const { cases, pairs, ratios } = run;
  const every = pair === EVERY_PAIR;
  const first = points[0] ?? -1;
  const side = (/** @type {number[]} */ of, /** @type {string} */ name) =>
    first < 0 || every ? name : layerOf(run, of[first]).name;
  const comparison = column("comparison", "comparison", {
    text: (j) => pairs[ratios.k[j]].name,
    sort: (j) => ratios.k[j],
    fields: [["comparison", (j) => pairs[ratios.k[j]].name]],
  });
  return [
    ...(every ? [comparison] : []),
    ...knobColumns(run, "ratio", points),
    column(
      "ratio",
      every ? "ratio" : (pairs.find(({ id }) => id === pair)?.name ?? CHANGE),
      {
        isNumber: true,
        text: (j) => formatTimes(ratios.r[j]),
        sort: (j) => ratios.r[j],
        tone: (j) => winnerOf(run, j).tone,
        fields: [["ratio", (j) => ratios.r[j]]],
      },
    ),
    intervalColumn("", (j) => ratios.r[j], ratios.h, 1),
    column("verdict", "faster", {
      text: (j) => (ratios.v[j] === UNDECIDED ? "undecided" : winnerOf(run, j).short),
      sort: (j) => ratios.v[j],
      fields: [["verdict", (j) => winnerOf(run, j).text]],
    }),
    timeColumn("candidate", side(ratios.a, "candidate"), (j) => cases.t[ratios.a[j]]),
    timeColumn("baseline", side(ratios.b, "baseline"), (j) => cases.t[ratios.b[j]]),
    column("memory", "memory", {
      isNumber: true,
      text: (j) => formatTimes(memoryRatio(run, j)),
      sort: (j) => memoryRatio(run, j),
      fields: [["memory_ratio", (j) => orNull(memoryRatio(run, j))]],
    }),
    countColumn("launches", ratios.n),
  ];
};

/**
 * @param {Run} run
 * @param {number[]} points
 * @returns {Column[]}
 */
export const caseColumns = (run, points) => {
  const { cases, status, prov, reasons } = run;
  const batch = sizeOf(run, "batch_size");
  const rate = (/** @type {number} */ i) => (PER_SECOND * batch(i)) / (cases.t[i] ?? NaN);
  const reason = (/** @type {number} */ i) => reasons?.[cases.e?.[i] ?? -1] ?? "";
  const said = (/** @type {number} */ i) =>
    [status[cases.s[i]], reason(i).split("\n", 1)[0]].filter(Boolean).join(": ");
  return [
    column("layer", "layer", {
      text: (i) => layerOf(run, i).name,
      sort: (i) => cases.layer[i],
      tone: (i) => layerOf(run, i).tone,
      fields: [["layer", (i) => layerOf(run, i).id]],
    }),
    ...knobColumns(run, "case", points),
    timeColumn("time", "time", (i) => cases.t[i]),
    intervalColumn("_seconds", (i) => cases.t[i], cases.h, PER_SECOND),
    column("memory", "peak memory", {
      isNumber: true,
      text: (i) => formatBytes(cases.m[i]),
      sort: (i) => cases.m[i] ?? NaN,
      fields: [["peak_memory_bytes", (i) => cases.m[i]]],
    }),
    column("rate", "sequences", {
      isNumber: true,
      text: (i) => formatRate(rate(i)),
      sort: rate,
      fields: [["sequences_per_second", (i) => orNull(rate(i))]],
    }),
    ...(cases.j ? [energyColumn(cases.j)] : []),
    countColumn("launches", cases.n),
    column("status", "status", {
      text: said,
      sort: (i) => cases.s[i],
      fields: [
        ["status", (i) => status[cases.s[i]]],
        ["reason", reason],
      ],
    }),
    column("ran", "code that ran", {
      text: (i) => prov[cases.p[i]] ?? "",
      sort: (i) => cases.p[i],
      fields: [["ran", (i) => prov[cases.p[i]] ?? ""]],
    }),
  ];
};

/**
 * @param {string} id
 * @param {string} name
 * @param {Partial<Column> & Pick<Column, "text" | "sort" | "fields">} rest
 * @returns {Column}
 */
const column = (id, name, rest) => ({ id, name, isNumber: false, tone: null, ...rest });

/**
 * The axes that mean something for at least one point.
 *
 * @param {Run} run
 * @param {Kind} of
 * @param {number[]} points
 */
const knobColumns = (run, of, points) =>
  run.axes.flatMap((axis, k) => {
    const values = run.dimensions[k].at[of];
    if (!points.some((point) => values[point] >= 0)) return [];
    return column(axis.id, axis.name, {
      isNumber: axis.size,
      text: (point) => (values[point] < 0 ? "any" : axis.words[values[point]]),
      sort: (point) => values[point],
      fields: [
        [axis.id, (point) => (values[point] < 0 ? null : axis.values[values[point]])],
      ],
    });
  });

/**
 * @param {string} id
 * @param {string} name
 * @param {(point: number) => number | null} value In nanoseconds.
 */
const timeColumn = (id, name, value) =>
  column(id, name, {
    isNumber: true,
    text: (point) => formatTime(value(point)),
    sort: (point) => value(point) ?? NaN,
    fields: [[`${id}_seconds`, (point) => orNull((value(point) ?? NaN) / PER_SECOND)]],
  });

/**
 * @param {string} suffix
 * @param {(point: number) => number | null} value
 * @param {number[]} h
 * @param {number} unit
 */
const intervalColumn = (suffix, value, h, unit) => {
  const text = unit === 1 ? formatInterval : formatTimeInterval;
  const end = (/** @type {typeof lowEnd} */ endOf) => (/** @type {number} */ point) =>
    orNull(h[point] < 0 ? NaN : endOf(value(point) ?? NaN, h[point]) / unit);
  return column("interval", "95 % interval", {
    isNumber: true,
    text: (point) => {
      const center = value(point);
      return center === null ? "–" : text(center, h[point]);
    },
    sort: (point) => (h[point] < 0 ? NaN : h[point]),
    fields: [
      [`interval_low${suffix}`, end(lowEnd)],
      [`interval_high${suffix}`, end(highEnd)],
    ],
  });
};

/** @param {(number | null)[]} energies */
const energyColumn = (energies) =>
  column("energy", "energy", {
    isNumber: true,
    text: (i) => formatEnergy(energies[i]),
    sort: (i) => energies[i] ?? NaN,
    fields: [["energy_joules", (i) => orNull((energies[i] ?? NaN) / 1e9)]],
  });

/**
 * @param {string} id
 * @param {number[]} counts
 */
const countColumn = (id, counts) =>
  column(id, id, {
    isNumber: true,
    text: (point) => String(counts[point]),
    sort: (point) => counts[point],
    fields: [[id, (point) => counts[point]]],
  });

/** @param {number} value */
const orNull = (value) => (Number.isFinite(value) ? value : null);

/**
 * @param {number[]} points
 * @param {Column | undefined} by
 * @param {boolean} isDescending
 * @returns {number[]} Points without a value are last either way.
 */
export const sortPoints = (points, by, isDescending) => {
  if (!by) return points;
  const sign = isDescending ? -1 : 1;
  return [...points].sort((a, b) => {
    const [x, y] = [by.sort(a), by.sort(b)];
    if (Number.isNaN(x) || Number.isNaN(y))
      return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return sign * (x - y);
  });
};
