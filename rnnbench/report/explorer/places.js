/**
 * Where points lie: a place has a value for each axis. Keys are integers, since 10,000
 * cases are looked up while the page starts.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./run.js").Kind} Kind
 */

// A step along any other axis changes more than a step to the next size.
const STEP = { size: 1, other: 20 };

/**
 * @param {Run} run
 * @returns {number[]} How far apart places are that differ by one step along an axis.
 */
export const stepsOf = (run) =>
  run.axes.map((axis) => (axis.size ? STEP.size : STEP.other));

/**
 * The factor of each axis in a key. Values begin at -1. A product of all of them stays
 * exact up to 2^53: ten values along each of fifteen axes.
 *
 * @param {Run} run
 */
export const stridesOf = (run) => {
  let stride = 1;
  return run.axes.map((axis) => {
    const own = stride;
    stride *= axis.values.length + 1;
    return own;
  });
};

/** Points of one kind by their place. Of several at one place, it keeps the first. */
export class PlaceIndex {
  /**
   * @param {Run} run
   * @param {Kind} kind
   * @param {number[]} points
   */
  constructor(run, kind, points) {
    this.points = points;
    this.columns = run.axes.map((_, k) => run.dimensions[k].at[kind]);
    this.steps = stepsOf(run);
    this.strides = stridesOf(run);
    /** @type {Map<number, number>} */
    this.byKey = new Map();
    /** Which axes mean nothing for some point. @type {boolean[][]} */
    this.masks = [];
    const masks = new Set();
    for (const point of points) {
      let key = 0;
      let mask = 0;
      for (let k = 0; k < this.columns.length; k++) {
        const value = this.columns[k][point];
        if (value < 0) mask += 2 ** k;
        else key += (value + 1) * this.strides[k];
      }
      if (!this.byKey.has(key)) this.byKey.set(key, point);
      if (masks.has(mask)) continue;
      masks.add(mask);
      this.masks.push(this.columns.map((column) => column[point] < 0));
    }
  }

  /**
   * The point at a place, or -1; an axis that means nothing for a point may have any value.
   *
   * @param {number[]} at
   */
  find(at) {
    for (const masked of this.masks) {
      let key = 0;
      for (let k = 0; k < at.length; k++)
        if (!masked[k]) key += (at[k] + 1) * this.strides[k];
      const point = this.byKey.get(key);
      if (point !== undefined) return point;
    }
    return -1;
  }

  /**
   * The point that lies nearest, or -1; along the axes `held` it must lie at the place.
   *
   * @param {number[]} at
   * @param {number[]} held
   */
  nearest(at, held = []) {
    let best = -1;
    let least = Infinity;
    for (const point of this.points) {
      const away = held.some(
        (k) => this.columns[k][point] >= 0 && this.columns[k][point] !== at[k],
      );
      const distance = away ? Infinity : this.distance(point, at);
      if (distance < least) [least, best] = [distance, point];
    }
    return best;
  }

  /**
   * @param {number} point
   * @param {number[]} at
   */
  distance(point, at) {
    let distance = 0;
    for (let k = 0; k < at.length; k++) {
      const value = this.columns[k][point];
      if (value >= 0) distance += Math.abs(value - at[k]) * this.steps[k];
    }
    return distance;
  }

  /**
   * The place of a point; `at` says what is taken for an axis that means nothing.
   *
   * @param {number} point
   * @param {number[]} at
   */
  placeOf(point, at) {
    return at.map((value, k) =>
      this.columns[k][point] < 0 ? value : this.columns[k][point],
    );
  }
}

/**
 * The cases at a place, whatever their layer and backend.
 *
 * @param {Run} run
 * @param {number[]} at
 * @returns {number[]}
 */
export const casesAt = (run, at) => {
  const columns = run.axes.map((_, k) => run.dimensions[k].at.case);
  const asked = columns.map((_, k) => k).filter((k) => !run.backends.includes(k));
  const found = [];
  for (let i = 0; i < run.cases.layer.length; i++) {
    if (asked.every((k) => columns[k][i] < 0 || columns[k][i] === at[k])) found.push(i);
  }
  return found;
};
