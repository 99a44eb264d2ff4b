/**
 * What the parts of the page share.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./state.js").Store} Store
 *
 * @typedef {object} App
 * @property {Run} run
 * @property {Store} store
 * @property {import("./pick.js").Selector} selector
 * @property {Map<string, import("./metrics.js").Metric>} metrics
 * @property {import("./tip.js").Tip} tip
 * @property {(text: string) => void} announce
 * @property {import("./links.js").Links} links
 */
import { pairAt } from "./filters.js";
import { placeOfPick } from "./pick.js";

/**
 * Make the place of a ratio the selection.
 *
 * @param {App} app
 * @param {number} j
 */
export const pickRatio = ({ run, store }, j) =>
  store.set({ at: placeOfPick(run, j, store.get().at), moved: "" });

/**
 * The ratio at the selection: of the comparison that is shown, else of the first; or -1.
 *
 * @param {App} app
 */
export const selectedRatio = ({ run, store, selector }) => {
  const { at, pair } = store.get();
  const shown = selector.ratioAt(pairAt(run, pair), at);
  return shown < 0 ? selector.ratioAt(0, at) : shown;
};
