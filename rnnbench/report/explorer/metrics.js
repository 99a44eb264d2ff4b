/**
 * The figures that a chart can show, of ratios or of cases.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./run.js").Kind} Kind
 *
 * @typedef {object} Metric
 * @property {string} id
 * @property {Kind} of
 * @property {string} name
 * @property {(point: number) => number} value NaN where there is none.
 * @property {((point: number) => number) | null} h Its half-width, or -1.
 * @property {(value: number) => string} text
 * @property {boolean} ratio Whether 1 means "equal".
 * @property {boolean} binary Whether ticks stand at powers of two.
 */
import {
  formatBytes,
  formatEnergy,
  formatPercent,
  formatRate,
  formatTime,
  formatTimes,
} from "./format.js";

/**
 * @param {Run} run
 * @returns {Map<string, Metric>} Those that this run has a value of.
 */
export const metricsOf = (run) => {
  const { cases } = run;
  const h = (/** @type {number} */ i) => cases.h[i];
  const time = (/** @type {number} */ i) => cases.t[i] ?? NaN;
  const steps = sizeOf(run, "seq_len");
  const batch = sizeOf(run, "batch_size");
  /** @type {Metric[]} */
  const all = [
    ratio(
      "ratio",
      "time ratio",
      (j) => run.ratios.r[j],
      (j) => run.ratios.h[j],
    ),
    ratio("memory_ratio", "memory ratio", (j) => memoryRatio(run, j), null),
    figure("time", "time per call", time, h, formatTime),
    figure("step_time", "time per time step", (i) => time(i) / steps(i), h, formatTime),
    figure(
      "rate",
      "sequences per second",
      (i) => (1e9 * batch(i)) / time(i),
      h,
      formatRate,
    ),
    {
      ...figure("memory", "peak memory", (i) => cases.m[i] ?? NaN, null, formatBytes),
      binary: true,
    },
    figure("energy", "energy per call", (i) => cases.j?.[i] ?? NaN, null, formatEnergy),
    figure(
      "roof",
      "share of the machine’s limit",
      (i) => (cases.q[i] < 0 ? NaN : cases.q[i] / 1000),
      null,
      formatPercent,
    ),
  ];
  const counts = { ratio: run.ratios.r.length, case: cases.layer.length };
  return new Map(
    all.filter((one) => hasValue(one, counts[one.of])).map((one) => [one.id, one]),
  );
};

/**
 * @param {string} id
 * @param {string} name
 * @param {Metric["value"]} value
 * @param {Metric["h"]} h
 * @returns {Metric}
 */
const ratio = (id, name, value, h) => {
  return { id, of: "ratio", name, value, h, text: formatTimes, ratio: true, binary: false };
};

/**
 * @param {string} id
 * @param {string} name
 * @param {Metric["value"]} value
 * @param {Metric["h"]} h
 * @param {Metric["text"]} text
 * @returns {Metric}
 */
const figure = (id, name, value, h, text) => {
  return { id, of: "case", name, value, h, text, ratio: false, binary: false };
};

/**
 * @param {Metric} metric
 * @param {number} count
 */
const hasValue = (metric, count) => {
  for (let n = 0; n < count; n++) if (metric.value(n) > 0) return true;
  return false;
};

/**
 * Peak memory of the candidate over the baseline's; NaN where one is not known.
 *
 * @param {Run} run
 * @param {number} j
 */
export const memoryRatio = ({ cases, ratios }, j) => {
  const [a, b] = [cases.m[ratios.a[j]], cases.m[ratios.b[j]]];
  return a !== null && b !== null && a > 0 && b > 0 ? a / b : NaN;
};

/**
 * A size of each case, whether it varies or not.
 *
 * @param {Run} run
 * @param {string} id
 * @returns {(i: number) => number}
 */
export const sizeOf = (run, id) => {
  const k = run.axes.findIndex((axis) => axis.id === id);
  if (k < 0) return () => Number(run.fixed[id] ?? 1);
  return (i) => Number(run.axes[k].values[run.cases.axis[k][i]] ?? 1);
};
