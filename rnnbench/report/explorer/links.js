/**
 * The address of the page follows the state, and the state follows the address.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./state.js").State} State
 * @typedef {import("./state.js").Store} Store
 *
 * @typedef {object} Links
 * @property {(section?: string) => Promise<void>} share Copies the address.
 * @property {(section: string, changes: Partial<State>) => void} jump
 *   Changes the state and goes there; the way back leads to where one was.
 * @property {() => boolean} start Takes the state of the address; whether it had one.
 */
import { readAddress, writeAddress } from "./address.js";
import { byId } from "./dom.js";
import { pairAt } from "./filters.js";
import { choose } from "./pick.js";

// A browser allows few changes of the address in a short time.
const PAUSE = 200;
const SHOWN = 1600;
// Marks the entries of the history that hold a state; a link on the page makes others.
const OURS = { rnnbench: true };

/**
 * @param {{run: Run, store: Store, selector: import("./pick.js").Selector}} parts
 * @param {(text: string) => void} announce
 * @returns {Links}
 */
export const makeLinks = ({ run, store, selector }, announce) => {
  const first = store.get();
  let section = "";
  let timer = 0;

  const write = (/** @type {"replaceState" | "pushState"} */ how) => {
    clearTimeout(timer);
    const address = writeAddress(run, store.get(), first, section);
    const isNew = how === "pushState" || address !== location.hash || !history.state;
    try {
      if (isNew) history[how](OURS, "", address || location.pathname + location.search);
    } catch {
      // Some viewers of files allow no address; the page works without.
    }
  };
  const remember = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => write("replaceState"), PAUSE);
  };
  const read = () => {
    const found = readAddress(run, location.hash, first);
    section = found.section;
    if (found.state) store.set(measured(run, selector, found.state));
    return found.state !== null;
  };
  const scroll = (/** @type {ScrollBehavior} */ behavior) =>
    byId(section)?.scrollIntoView({ behavior });

  addEventListener("popstate", ({ state }) => {
    // An entry of ours without a state is the page as it was at the start.
    if (!read() && state) store.set(first);
    remember();
  });
  addEventListener("hashchange", () => scroll("auto"));
  const follow = (/** @type {Event} */ { target }) => {
    const inside = target instanceof Element && !target.closest("a[href]");
    section = (inside && target.closest("section")?.id) || section;
  };
  document.addEventListener("change", follow, true);
  document.addEventListener("click", follow, true);
  store.onDraw(remember);

  return {
    share: async (where = section) => {
      section = where;
      write("replaceState");
      const button = byId("share");
      const isCopied = await copy(location.href);
      announce(isCopied ? "The link is copied." : "The link is in the address bar.");
      if (button) flash(button, isCopied ? "Copied" : "In the address bar");
    },
    jump: (where, changes) => {
      write("replaceState");
      section = where;
      store.set(changes);
      write("pushState");
      scroll("auto");
    },
    start: () => {
      const had = read();
      if (had) scroll("instant");
      return had;
    },
  };
};

/**
 * The state with a place that was measured, in the pair that is shown or in the first.
 *
 * @param {Run} run
 * @param {import("./pick.js").Selector} selector
 * @param {State} state
 * @returns {State}
 */
const measured = (run, selector, state) => {
  if (selector.ratioAt(pairAt(run, state.pair), state.at) >= 0) return state;
  return { ...state, ...choose(run, selector, state.at, []) };
};

/** @param {string} text */
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
};

/**
 * @param {HTMLElement} button
 * @param {string} text
 */
const flash = (button, text) => {
  const usual = (button.dataset.usual ??= button.textContent ?? "");
  button.textContent = text;
  setTimeout(() => {
    button.textContent = usual;
  }, SHOWN);
};
