/**
 * The selection: where it starts, and how it moves. A place that was not measured is
 * never made up: the selection snaps to the nearest that was, and says so.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./schema.js").Axis} Axis
 */
import { phraseOf } from "./phrases.js";
import { PlaceIndex } from "./places.js";
import { placeWords } from "./words.js";

/** The ratios of each pair by place; a pair's index is made when it is first asked for. */
export class Selector {
  /** @param {Run} run */
  constructor(run) {
    this.run = run;
    /** @type {number[][]} */
    this.ratiosOf = run.pairs.map(() => []);
    run.ratios.k.forEach((pair, j) => this.ratiosOf[pair].push(j));
    /** @type {(PlaceIndex | undefined)[]} */
    this.indices = run.pairs.map(() => undefined);
  }

  /** @param {number} pair */
  index(pair) {
    return (this.indices[pair] ??= new PlaceIndex(
      this.run,
      "ratio",
      this.ratiosOf[pair] ?? [],
    ));
  }

  /**
   * The ratio of a pair at a place, or -1.
   *
   * @param {number} pair
   * @param {number[]} at
   */
  ratioAt(pair, at) {
    return pair < 0 || pair >= this.run.pairs.length ? -1 : this.index(pair).find(at);
  }
}

/**
 * The place to begin at: PyTorch's defaults, sizes in the middle, and of those the one
 * with the most measured values beside it.
 *
 * @param {Run} run
 * @param {Selector} selector
 * @returns {number[]}
 */
export const startPlace = (run, selector) => {
  const middle = run.axes.map(middleOf);
  if (!run.pairs.length) return middle;
  const index = selector.index(0);
  const nearest = index.nearest(middle);
  if (nearest < 0) return middle;
  const base = index.placeOf(nearest, middle);
  const steps = index.steps;
  const beside = (/** @type {number[]} */ at) =>
    run.axes.reduce(
      (sum, axis, k) =>
        sum + axis.words.filter((_, value) => index.find(at.with(k, value)) >= 0).length,
      0,
    );
  let best = { at: base, beside: beside(base), far: index.distance(nearest, middle) };
  for (const j of index.points) {
    const at = index.placeOf(j, middle);
    if (at.some((value, k) => !run.axes[k].size && value !== base[k])) continue;
    const far = at.reduce(
      (sum, value, k) => sum + Math.abs(value - middle[k]) * steps[k],
      0,
    );
    const next = { at, beside: beside(at), far };
    if (next.beside > best.beside || (next.beside === best.beside && far < best.far))
      best = next;
  }
  return best.at;
};

/** @param {Axis} axis */
const middleOf = (axis) => {
  if (axis.default >= 0) return axis.default;
  return axis.size ? axis.values.length >> 1 : 0;
};

/**
 * The place after a reader chose values along some axes, and what else had to move.
 *
 * @param {Run} run
 * @param {Selector} selector
 * @param {number[]} from
 * @param {[k: number, value: number][]} changes
 * @returns {{at: number[], moved: string}}
 */
export const choose = (run, selector, from, changes) => {
  const wanted = [...from];
  for (const [k, value] of changes) wanted[k] = value;
  if (selector.ratioAt(0, wanted) >= 0 || !run.pairs.length)
    return { at: wanted, moved: "" };
  const held = changes.map(([k]) => k);
  const index = selector.index(0);
  const nearest = index.nearest(wanted, held);
  if (nearest < 0) return { at: wanted, moved: "Not measured." };
  const at = index.placeOf(nearest, wanted);
  const names = run.axes.flatMap((axis, k) =>
    at[k] === wanted[k] ? [] : [phraseOf(axis, at[k])],
  );
  const moved = `Not measured with the rest of your choice. Nearest that was: ${names.join(", ")}.`;
  return { at, moved };
};

/**
 * The place of a ratio; an axis that means nothing for it stays as it is.
 *
 * @param {Run} run
 * @param {number} j
 * @param {number[]} from
 */
export const placeOfPick = (run, j, from) =>
  from.map((value, k) => {
    const own = run.dimensions[k].at.ratio[j];
    return own < 0 ? value : own;
  });

/**
 * A place that shows a case: where it stands in a ratio of the first pair, if it does.
 *
 * @param {Run} run
 * @param {Selector} selector
 * @param {number} i
 * @param {number[]} from
 */
export const placeOfCasePick = (run, selector, i, from) => {
  const wanted = from.map((value, k) => {
    const own = run.dimensions[k].at.case[i];
    return own < 0 ? value : own;
  });
  if (!run.pairs.length || selector.ratioAt(0, wanted) >= 0) return wanted;
  const nearest = selector.index(0).nearest(wanted);
  return nearest < 0 ? wanted : selector.index(0).placeOf(nearest, wanted);
};

/**
 * The combinations of sizes that the first pair was measured at, with the names of uses.
 *
 * @param {Run} run
 * @param {Selector} selector
 * @returns {{values: [k: number, value: number][], text: string}[]}
 */
export const measuredSizes = (run, selector) => {
  const sizes = run.axes.flatMap((axis, k) => (axis.size ? [k] : []));
  /** @type {Map<string, {values: [k: number, value: number][], text: string}>} */
  const found = new Map();
  for (const j of selector.ratiosOf[0] ?? []) {
    const valueOf = (/** @type {number} */ k) => run.dimensions[k].at.ratio[j];
    const place = placeWords(run, (k) => (run.axes[k].size ? valueOf(k) : -1));
    const use = run.uses.find(([, cases]) => cases.includes(run.ratios.b[j]));
    if (found.has(place) && !use) continue;
    const text = use ? `${use[0]}: ${place}` : place;
    found.set(place, { values: sizes.map((k) => [k, valueOf(k)]), text });
  }
  return [...found.values()];
};
