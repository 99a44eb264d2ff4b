/** Scales from values to 0..1, and their ticks. */

const RATIOS = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 20, 50, 100, 200,
];

/**
 * @typedef {object} Scale
 * @property {number} from
 * @property {number} to
 * @property {boolean} log
 * @property {(value: number) => number} at Where a value lies, from 0 to 1.
 */

/**
 * @param {number} from
 * @param {number} to
 * @param {boolean} log
 * @returns {Scale}
 */
export const makeScale = (from, to, log) => {
  const f = log ? Math.log : (/** @type {number} */ value) => value;
  const start = f(from);
  const length = f(to) - start || 1;
  return { from, to, log, at: (value) => (f(value) - start) / length };
};

/**
 * A scale that holds all values with some room around them.
 *
 * @param {Iterable<number>} values
 * @param {{log: boolean, ratio?: boolean, room?: number}} options `ratio`: 1 is on it.
 * @returns {Scale}
 */
export const scaleAround = (values, { log, ratio = false, room = 0.04 }) => {
  let [from, to] = ratio ? [0.85, 1.18] : [Infinity, -Infinity];
  for (const value of values) {
    if (value < from) from = value;
    if (value > to) to = value;
  }
  if (from > to) return makeScale(log ? 0.5 : 0, log ? 2 : 1, log);
  if (!log) return makeScale(Math.min(0, from), to * 1.05 || 1, log);
  const factor = Math.exp(Math.max(room, room * Math.log(to / from)));
  return makeScale(from / factor, to * factor, log);
};

/**
 * Ticks of a ratio: each second one goes until few are left, but 1 stays.
 *
 * @param {Scale} scale
 * @param {number} most
 */
export const ratioTicks = ({ from, to }, most) => {
  let ticks = RATIOS.filter((tick) => tick >= from && tick <= to);
  while (ticks.length > most) {
    const one = Math.max(ticks.indexOf(1), 0);
    ticks = ticks.filter((_, n) => (n - one) % 2 === 0);
  }
  return ticks;
};

/**
 * Ticks at 1, 2, 5 times powers of ten, at powers of two, or evenly spaced.
 *
 * @param {Scale} scale
 * @param {{binary?: boolean, most?: number}} options
 * @returns {number[]}
 */
export const niceTicks = ({ from, to, log }, { binary = false, most = 7 } = {}) => {
  const ticks = log ? logTicks(from, to, binary, most) : [];
  return ticks.length > 1 ? ticks : evenTicks(from, to, most);
};

/**
 * @param {number} from
 * @param {number} to
 * @param {boolean} binary
 * @param {number} most
 */
const logTicks = (from, to, binary, most) => {
  const base = binary ? 2 : 10;
  const log = binary ? Math.log2 : Math.log10;
  /** @type {number[]} */
  let ticks = [];
  for (const steps of binary ? [[1]] : [[1, 2, 5], [1, 3], [1]]) {
    ticks = [];
    for (let power = Math.floor(log(from)); base ** power <= to; power++) {
      ticks.push(...steps.map((step) => step * base ** power));
    }
    ticks = ticks.filter((tick) => tick >= from && tick <= to);
    if (ticks.length <= most) break;
  }
  while (ticks.length > most) ticks = ticks.filter((_, n) => n % 2 === 0);
  return ticks;
};

/**
 * @param {number} from
 * @param {number} to
 * @param {number} most
 */
const evenTicks = (from, to, most) => {
  const raw = (to - from) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5].find((factor) => factor * power >= raw) ?? 10) * power;
  const first = Math.ceil(from / step);
  const count = Math.max(0, Math.floor(to / step) - first + 1);
  return Array.from({ length: count }, (_, n) => (first + n) * step);
};
