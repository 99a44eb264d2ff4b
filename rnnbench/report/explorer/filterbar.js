/**
 * The filter: a checkbox for each value of each axis.
 *
 * @typedef {import("./app.js").App} App
 */
import { makeButton, NARROW } from "./controls.js";
import { h } from "./dom.js";
import { plural } from "./format.js";

// From so many axes on, the filter would push the views below the fold.
const MANY_AXES = 10;

/** @param {App} app */
export const makeFilterBar = ({ run, store }) => {
  const toggle = (/** @type {number} */ k, /** @type {number} */ value) => {
    const only = store.get().only.map((values) => [...values]);
    const passing = only[k].includes(value)
      ? only[k].filter((each) => each !== value)
      : [...only[k], value].sort((a, b) => a - b);
    // All values are the same as no filter.
    only[k] = passing.length === run.axes[k].values.length ? [] : passing;
    store.set({ only, page: 1 });
  };
  const inputs = run.axes.map((axis, k) =>
    axis.words.map((_, value) =>
      h("input", { type: "checkbox", onchange: () => toggle(k, value) }),
    ),
  );
  const reset = makeButton("Show all", () =>
    store.set({ only: run.axes.map(() => []), page: 1 }),
  );
  const order = run.axes.map((_, k) => k);
  order.sort((a, b) => Number(run.axes[a].size) - Number(run.axes[b].size));
  const groups = order.map((k) =>
    h(
      "fieldset",
      null,
      h("legend", null, run.axes[k].name),
      h(
        "div",
        { class: "chips" },
        run.axes[k].words.map((word, value) => h("label", null, inputs[k][value], word)),
      ),
    ),
  );
  const summary = h("summary", null, "Filter");
  const bar = h(
    "div",
    { class: "filters", role: "group", "aria-label": "Filter" },
    groups,
    reset,
  );
  const el = h("details", { class: "box" }, summary, bar);
  const narrow = matchMedia(NARROW);
  const unfold = () => {
    el.open = !narrow.matches && run.axes.length < MANY_AXES;
  };
  narrow.addEventListener("change", unfold);
  unfold();
  el.classList.toggle("many", run.axes.length >= MANY_AXES);
  return {
    el,
    update: () => {
      const { only } = store.get();
      inputs.forEach((group, k) =>
        group.forEach((input, value) => {
          input.checked = only[k].includes(value);
        }),
      );
      const count = only.filter((values) => values.length).length;
      summary.textContent = count
        ? `Filter: by ${plural(count, "axis", "axes")}`
        : "Filter";
      reset.hidden = count === 0;
    },
  };
};
