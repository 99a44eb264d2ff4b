/**
 * Which points are shown, and how they split into panels.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./run.js").Kind} Kind
 * @typedef {import("./state.js").State} State
 *
 * @typedef {object} Facet
 * @property {number[]} values A value for each dimension that splits.
 * @property {string} title
 * @property {number[]} points
 */
import { phraseOf } from "./phrases.js";

/** The comparison that stands for all of them. */
export const EVERY_PAIR = "*";

/**
 * The index of the pair that is compared, or -1 for every pair.
 *
 * @param {Run} run
 * @param {string} id
 */
export const pairAt = (run, id) => run.pairs.findIndex((pair) => pair.id === id);

/**
 * Ratios of the chosen comparison that pass the filter.
 *
 * @param {Run} run
 * @param {State} state
 * @returns {number[]}
 */
export const visibleRatios = (run, state) => {
  const pair = pairAt(run, state.pair);
  const passes = filterOf(run, state, "ratio");
  const { k } = run.ratios;
  const found = [];
  for (let j = 0; j < k.length; j++)
    if ((pair < 0 || k[j] === pair) && passes(j)) found.push(j);
  return found;
};

/**
 * Cases that pass the filter, those without a time too.
 *
 * @param {Run} run
 * @param {State} state
 * @returns {number[]}
 */
export const visibleCases = (run, state) => {
  const passes = filterOf(run, state, "case");
  const found = [];
  for (let i = 0; i < run.cases.layer.length; i++) if (passes(i)) found.push(i);
  return found;
};

/**
 * A point passes where an axis means nothing for it.
 *
 * @param {Run} run
 * @param {State} state
 * @param {Kind} of
 * @returns {(point: number) => boolean}
 */
const filterOf = (run, { only }, of) => {
  const tests = only.flatMap((values, k) => {
    if (!values.length) return [];
    const passing = new Set(values);
    return [{ column: run.dimensions[k].at[of], passing }];
  });
  return (point) =>
    tests.every(({ column, passing }) => column[point] < 0 || passing.has(column[point]));
};

/**
 * @param {Run} run
 * @param {string} ids Ids of dimensions with commas between.
 * @returns {number[]} Those that this run has.
 */
export const dimensionsIn = (run, ids) =>
  ids.split(",").flatMap((id) => run.dimensionAt.get(id) ?? []);

/**
 * Panels for each combination of values. A point for which a dimension means nothing
 * stands in each panel of that dimension.
 *
 * @param {Run} run
 * @param {number[]} asked
 * @param {number[]} points
 * @param {Kind} of
 * @returns {{dimensions: number[], facets: Facet[]}}
 */
export const splitIntoFacets = (run, asked, points, of) => {
  const dimensions = asked.filter((d) =>
    points.some((n) => run.dimensions[d].at[of][n] >= 0),
  );
  const columns = dimensions.map((d) => run.dimensions[d].at[of]);
  const counts = dimensions.map((d) => run.dimensions[d].words.length);
  const facets = combinations(counts).map((values) => ({
    values,
    title: values
      .map((value, n) => phraseOf(run.dimensions[dimensions[n]], value))
      .join(", "),
    points: /** @type {number[]} */ ([]),
  }));
  for (const point of points) {
    let places = [0];
    columns.forEach((column, n) => {
      const value = column[point];
      const count = counts[n];
      places =
        value >= 0
          ? places.map((place) => place * count + value)
          : places.flatMap((place) =>
              Array.from({ length: count }, (_, v) => place * count + v),
            );
    });
    for (const place of places) facets[place].points.push(point);
  }
  return { dimensions, facets: facets.filter((facet) => facet.points.length) };
};

/**
 * @param {number[]} counts
 * @returns {number[][]} In the order of mixed-radix numbers.
 */
const combinations = (counts) =>
  counts.reduce(
    (found, count) =>
      found.flatMap((one) => Array.from({ length: count }, (_, value) => [...one, value])),
    [/** @type {number[]} */ ([])],
  );
