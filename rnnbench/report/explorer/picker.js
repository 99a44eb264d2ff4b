/**
 * "Your size": a chip for each value with the ratio that it would give, all else equal.
 *
 * @typedef {import("./app.js").App} App
 */
import { makeButton, makeSelect } from "./controls.js";
import { h, replaceKids } from "./dom.js";
import { formatTimes } from "./format.js";
import { choose, measuredSizes } from "./pick.js";
import { headlineOf, makeVerdict } from "./verdict.js";
import { winnerOf } from "./words.js";

/**
 * @param {App} app
 * @param {HTMLElement} form
 * @param {HTMLElement} card
 */
export const startPicker = (app, form, card) => {
  const { run, store, selector, announce, links } = app;
  const isSparse = run.sparse;
  const groups = pickableAxes(app)
    .filter((k) => !isSparse || !run.axes[k].size)
    .map((k) => makeChips(app, k));
  const sizes = isSparse ? makeSizeList(app) : null;
  const note = h("p", { class: "note", role: "status" });
  const brief = h("p", { class: "brief", "aria-hidden": "true" });
  form.append(
    ...(sizes ? [sizes.el] : []),
    ...groups.map((group) => group.el),
    note,
    brief,
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  // The card is too long to be read aloud after each choice.
  card.removeAttribute("aria-live");
  const buttons = h(
    "p",
    { class: "links" },
    makeButton("Copy a link to this size", () => links.share("size")),
    makeButton("Show it among the others", () => links.jump("explore", { view: "map" })),
  );
  let last = -2;
  store.onDraw(() => {
    const { at, moved } = store.get();
    for (const group of groups) group.update(at);
    sizes?.update(at);
    note.textContent = moved;
    const j = selector.ratioAt(0, at);
    if (j === last) return;
    const said =
      j < 0 ? "Not measured" : `${headlineOf(run, j)}: ${formatTimes(run.ratios.r[j])}`;
    brief.textContent = said;
    brief.className = `brief t-${j < 0 ? "even" : winnerOf(run, j).tone}`;
    if (last !== -2) announce(said);
    last = j;
    const missing = h("p", null, `${run.pairs[0].name} was not measured at this place.`);
    replaceKids(card, j < 0 ? missing : makeVerdict(app, j), buttons);
  });
};

/**
 * Axes along which the first pair varies: what a call does, where it runs, then sizes.
 *
 * @param {App} app
 */
const pickableAxes = ({ run, selector }) => {
  const varies = (/** @type {number} */ k) => {
    const values = selector.ratiosOf[0].map((j) => run.dimensions[k].at.ratio[j]);
    return new Set(values.filter((value) => value >= 0)).size > 1;
  };
  return run.axes
    .map((_, k) => k)
    .filter(varies)
    .sort((a, b) => Number(run.axes[a].size) - Number(run.axes[b].size));
};

/**
 * @param {App} app
 * @param {number} k
 */
const makeChips = (app, k) => {
  const { run, selector, store } = app;
  const axis = run.axes[k];
  const pick = (/** @type {number} */ value) =>
    store.set(choose(run, selector, store.get().at, [[k, value]]));
  const chips = axis.words.map((word, value) => {
    const onchange = () => pick(value);
    const input = h("input", { type: "radio", name: `at-${axis.id}`, value, onchange });
    const ratio = h("small", null);
    return { input, ratio, el: h("label", null, input, h("b", null, word), ratio) };
  });
  const code = axis.name === axis.id ? null : h("code", null, axis.id);
  const el = h(
    "fieldset",
    null,
    h("legend", null, axis.name, code),
    h(
      "div",
      { class: "chips" },
      chips.map((chip) => chip.el),
    ),
  );
  return {
    el,
    /** @param {number[]} at */
    update: (at) =>
      chips.forEach(({ input, ratio, el: label }, value) => {
        const j = selector.ratioAt(0, at.with(k, value));
        input.checked = at[k] === value;
        ratio.textContent = j < 0 ? "–" : formatTimes(run.ratios.r[j]);
        ratio.className = `t-${j < 0 ? "even" : winnerOf(run, j).tone}`;
        label.classList.toggle("none", j < 0);
      }),
  };
};

/**
 * One list of the sizes that were measured, for a run that measured few combinations.
 *
 * @param {App} app
 */
const makeSizeList = ({ run, selector, store }) => {
  const all = measuredSizes(run, selector);
  const list = makeSelect("Measured sizes", (value) =>
    store.set(choose(run, selector, store.get().at, all[Number(value)].values)),
  );
  const textOf = (
    /** @type {(typeof all)[0]} */ { values, text },
    /** @type {number[]} */ at,
  ) => {
    const { at: place } = choose(run, selector, at, values);
    const j = selector.ratioAt(0, place);
    return j < 0 ? text : `${text} · ${formatTimes(run.ratios.r[j])}`;
  };
  return {
    el: list.el,
    /** @param {number[]} at */
    update: (at) => {
      const now = all.findIndex(({ values }) =>
        values.every(([k, v]) => v < 0 || at[k] === v),
      );
      list.update(
        all.map((one, n) => [String(n), textOf(one, at)]),
        String(now),
      );
    },
  };
};
