/** Numbers as people read them. Nanoseconds and bytes come in, a unit goes out. */

/** @typedef {[factor: number, unit: string][]} Units */

/** @type {Units} */
const SECONDS = [
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
  [1, "ns"],
];
/** @type {Units} */
const JOULES = [
  [1e9, "J"],
  [1e6, "mJ"],
  [1e3, "µJ"],
  [1, "nJ"],
];
/** @type {Units} */
const BYTES = [
  [2 ** 30, "GiB"],
  [2 ** 20, "MiB"],
  [2 ** 10, "KiB"],
  [1, "B"],
];

/**
 * @param {number} value
 * @param {number} digits How many are significant.
 */
export const significant = (value, digits = 3) => {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const exponent = Number(value.toExponential(digits - 1).split("e")[1]);
  return value.toFixed(Math.max(digits - 1 - exponent, 0));
};

/**
 * @param {number | null} value
 * @param {Units} units
 */
const scaled = (value, units) => {
  if (value === null || !Number.isFinite(value)) return "–";
  const [factor, unit] = unitOf(value, units);
  return `${significant(value / factor)}\u00a0${unit}`;
};

/**
 * @param {number} value
 * @param {Units} units
 */
const unitOf = (value, units) =>
  // 999.7 has three digits as 1.00 of the next unit.
  units.find(([factor]) => value >= factor * 0.9995) ?? units[units.length - 1];

/**
 * @param {number} value
 * @param {number} h
 * @param {Units} units
 */
const scaledInterval = (value, h, units) => {
  if (h < 0) return "no interval";
  const [factor, unit] = unitOf(value, units);
  const [low, high] = [lowEnd(value, h), highEnd(value, h)];
  return `${significant(low / factor)} to ${significant(high / factor)}\u00a0${unit}`;
};

/** @param {number | null} nanoseconds */
export const formatTime = (nanoseconds) => scaled(nanoseconds, SECONDS);

/** @param {number | null} nanojoules */
export const formatEnergy = (nanojoules) => scaled(nanojoules, JOULES);

/** @param {number | null} count */
export const formatBytes = (count) => scaled(count, BYTES);

/** @param {number} value */
export const formatTimes = (value) =>
  Number.isFinite(value) ? `${significant(value)}×` : "–";

/** @param {number} share */
export const formatPercent = (share) =>
  Number.isFinite(share) ? `${significant(100 * share, 2)}\u00a0%` : "–";

/** @param {number} count Not by toLocaleString: to load a language takes 50 ms. */
export const formatCount = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");

/** @param {number} perSecond */
export const formatRate = (perSecond) => {
  if (!Number.isFinite(perSecond)) return "–";
  if (perSecond >= 1e6) return `${significant(perSecond / 1e6)} M/s`;
  if (perSecond >= 1e4) return `${significant(perSecond / 1e3)} k/s`;
  return `${perSecond >= 100 ? Math.round(perSecond) : significant(perSecond)}/s`;
};

/**
 * @param {number} count
 * @param {string} noun
 * @param {string} several
 */
export const plural = (count, noun, several = `${noun}s`) =>
  `${formatCount(count)} ${count === 1 ? noun : several}`;

/** @param {string} text "0.0500×" is "0.05×" at a tick. */
export const withoutZeros = (text) =>
  text.replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");

/**
 * The ends of an interval whose half-width `h` is on logarithms, in 1e-5.
 *
 * @param {number} value
 * @param {number} h
 */
export const lowEnd = (value, h) => (h < 0 ? 0 : value * Math.exp(-h * 1e-5));

/**
 * @param {number} value
 * @param {number} h
 */
export const highEnd = (value, h) => (h < 0 ? Infinity : value * Math.exp(h * 1e-5));

/**
 * @param {number} value
 * @param {number} h
 */
export const formatInterval = (value, h) =>
  h < 0
    ? "no interval"
    : `${significant(lowEnd(value, h))} to ${significant(highEnd(value, h))}`;

/**
 * @param {number | null} nanoseconds
 * @param {number} h
 */
export const formatTimeInterval = (nanoseconds, h) =>
  nanoseconds === null ? "–" : scaledInterval(nanoseconds, h, SECONDS);
