/**
 * Profiled calls: the groups that Python made of them, and their timelines.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./schema.js").Profile} Profile
 * @typedef {{name: string, spans: {start: number, length: number, kind: number}[]}} Lane
 *
 * @typedef {object} ProfileGroup Calls that do the same work.
 * @property {string} text
 * @property {Profile[]} members
 * @property {[text: string, layer: string, isStrong: number][]} say
 */
import { stepsOf } from "./places.js";
import { placeWords } from "./words.js";

/**
 * @param {Run} run
 * @returns {ProfileGroup[]}
 */
export const profileGroups = (run) =>
  run.why.map(({ p, say }) => {
    const members = p.map((n) => run.profiles[n]);
    const text = placeWords(run, (k) =>
      run.axes[k].backend ? -1 : run.dimensions[k].at.case[members[0].c],
    );
    return { text, members, say };
  });

/**
 * The group that lies nearest to a place. Groups must not be empty.
 *
 * @param {Run} run
 * @param {ProfileGroup[]} groups
 * @param {number[]} at
 */
export const nearestGroup = (run, groups, at) => {
  const steps = stepsOf(run);
  const distance = (/** @type {ProfileGroup} */ group) =>
    at.reduce((sum, value, k) => {
      const own = run.dimensions[k].at.case[group.members[0].c];
      const isFree = own < 0 || run.axes[k].backend;
      return isFree ? sum : sum + Math.abs(own - value) * steps[k];
    }, 0);
  return groups.reduce((best, group) => (distance(group) < distance(best) ? group : best));
};

/** @param {number[]} values */
export const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);

/**
 * The timeline of each thread or stream, in nanoseconds.
 *
 * @param {Profile} profile
 * @returns {Lane[]}
 */
export const lanesOf = ({ tl, lanes }) =>
  (lanes ?? [["", tl]]).map(([name, numbers]) => ({ name, spans: spansOf(numbers) }));

/** @param {number[]} numbers */
const spansOf = (numbers) => {
  const spans = [];
  let start = 0;
  for (let n = 0; n + 2 < numbers.length; n += 3) {
    start += numbers[n];
    spans.push({ start: 10 * start, length: 10 * numbers[n + 1], kind: numbers[n + 2] });
  }
  return spans;
};
