/**
 * The state as the fragment of an address, and back:
 * `#explore?hidden_size=256&phase=train&view=chart&only.onednn=true`.
 *
 * Names and values are PyTorch's; what is as it was at the start is left out. An address
 * may come from anywhere: what this run does not have is ignored.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./state.js").State} State
 * @typedef {Exclude<keyof State, "at" | "only" | "page" | "moved">} Choice A choice by a name.
 */
import { EVERY_PAIR } from "./filters.js";
import { metricsOf } from "./metrics.js";

const ONLY = "only.";
const SECTION = /^[a-z-]{1,40}$/;
const COLUMN = /^-?[a-z_]{1,40}$/;
/** @type {Partial<Record<Choice, string[]>>} */
const WORDS = {
  view: ["map", "chart", "table"],
  figure: ["time", "memory"],
  yscale: ["log", "linear"],
  yrange: ["shared", "own"],
  table: ["ratios", "times"],
  why: ["time", "timeline", "memory"],
  show: ["figures", "operators", "memory", "timeline"],
};
const CHOICES = /** @type {Choice[]} */ (
  "view pair rows cols figure y x color facet yscale yrange table sort why show".split(" ")
);

/**
 * @param {Run} run
 * @param {State} state
 * @param {State} start
 * @param {string} section
 * @returns {string} Empty where nothing is to be said.
 */
export const writeAddress = (run, state, start, section) => {
  const parts = run.axes.flatMap((axis, k) =>
    state.at[k] === start.at[k]
      ? []
      : [`${axis.id}=${encodeURIComponent(axis.values[state.at[k]])}`],
  );
  for (const name of CHOICES) {
    if (state[name] !== start[name]) parts.push(`${name}=${encode(state[name])}`);
  }
  if (state.page !== start.page) parts.push(`page=${state.page}`);
  run.axes.forEach((axis, k) => {
    const values = state.only[k].map((value) => encodeURIComponent(axis.values[value]));
    if (values.length) parts.push(`${ONLY}${axis.id}=${values.join()}`);
  });
  if (!parts.length) return section && `#${section}`;
  return `#${section || "explore"}?${parts.join("&")}`;
};

/**
 * @param {Run} run
 * @param {string} hash
 * @param {State} start
 * @returns {{section: string, state: State | null}} No state where none is named.
 */
export const readAddress = (run, hash, start) => {
  const text = hash.replace(/^#/, "");
  const cut = text.indexOf("?");
  const name = cut < 0 ? text : text.slice(0, cut);
  const section = SECTION.test(name) ? name : "";
  if (cut < 0) return { section, state: null };
  const state = {
    ...start,
    at: [...start.at],
    only: start.only.map((values) => [...values]),
  };
  const isKnown = knownChoices(run);
  for (const part of text.slice(cut + 1).split("&")) {
    const [key, value] = split(part);
    readPart(run, state, key, value, isKnown);
  }
  return { section, state };
};

/**
 * @param {Run} run
 * @param {State} state Is changed.
 * @param {string} key
 * @param {string} value Still encoded: a comma stands between values.
 * @param {(name: Choice, value: string) => boolean} isKnown
 */
const readPart = (run, state, key, value, isKnown) => {
  const isFilter = key.startsWith(ONLY);
  const id = isFilter ? key.slice(ONLY.length) : key;
  const k = run.axes.findIndex((axis) => axis.id === id);
  if (k >= 0) {
    const all = run.axes[k].values.map(String);
    const found = value.split(",").flatMap((one) => {
      const at = all.indexOf(decode(one));
      return at < 0 ? [] : [at];
    });
    if (isFilter) state.only[k] = [...new Set(found)].sort((a, b) => a - b);
    else if (found.length) state.at[k] = found[0];
    return;
  }
  const choice = CHOICES.find((one) => one === key);
  if (choice && isKnown(choice, decode(value))) state[choice] = decode(value);
  if (key === "page" && /^[1-9]\d{0,5}$/.test(value)) state.page = Number(value);
};

/**
 * @param {Run} run
 * @returns {(name: Choice, value: string) => boolean}
 */
const knownChoices = (run) => {
  const metrics = metricsOf(run);
  const isDimension = (/** @type {string} */ id) => run.dimensionAt.has(id);
  const areDimensions = (/** @type {string} */ ids) => {
    const each = ids.split(",");
    return (
      each.length <= 2 && each.every(isDimension) && new Set(each).size === each.length
    );
  };
  return (name, value) => {
    if (WORDS[name]) return WORDS[name].includes(value);
    if (name === "pair")
      return value === EVERY_PAIR || run.pairs.some((pair) => pair.id === value);
    if (name === "rows" || name === "cols") return areDimensions(value);
    if (name === "facet") return value === "" || areDimensions(value);
    if (name === "y") return metrics.has(value);
    if (name === "x") return metrics.has(value) || isDimension(value);
    if (name === "color") return value === "winner" || isDimension(value);
    return COLUMN.test(value);
  };
};

/** @param {string} text Its commas stand between ids. */
const encode = (text) => encodeURIComponent(text).replaceAll("%2C", ",");

/** @param {string} text Text that is no encoding stands for itself. */
const decode = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/**
 * @param {string} part
 * @returns {[string, string]}
 */
const split = (part) => {
  const cut = part.indexOf("=");
  return cut < 0 ? [decode(part), ""] : [decode(part.slice(0, cut)), part.slice(cut + 1)];
};
