/**
 * "Why": the operators and the memory behind the answer, at the profiled place that is
 * nearest to the selection.
 *
 * @typedef {import("./app.js").App} App
 * @typedef {import("./breakdown.js").Content} Content
 * @typedef {import("./breakdown.js").Named} Named
 * @typedef {import("./profiles.js").ProfileGroup} ProfileGroup
 */
import { makeBreakdown, makeOperators, TITLES } from "./breakdown.js";
import { makeChangeCheck, makeRadios, makeSelect } from "./controls.js";
import { h, replaceKids } from "./dom.js";
import { nearestGroup, profileGroups } from "./profiles.js";
import { layerOf, nameAmong } from "./words.js";

/**
 * @param {App} app
 * @param {HTMLElement} body
 */
export const startWhy = (app, body) => {
  const { run, store } = app;
  const groups = profileGroups(run);
  /** The group that was asked for, until the selection moves. @type {ProfileGroup | null} */
  let asked = null;
  const sentence = h("div", null);
  const card = h("div", { class: "card" });
  const operators = h("div", null);
  const select = makeSelect("of", (value) => {
    asked = groups[Number(value)];
    store.draw();
  });
  const tabs = makeRadios({
    ...{ name: "why", label: "What to show" },
    items: Object.entries(TITLES),
    onPick: (why) => store.set({ why }),
  });
  const layers = makeLayerTabs(app, operators);
  body.append(
    sentence,
    h("div", { class: "row" }, tabs.el, select.el),
    h("div", { class: "why" }, card, layers.el),
  );
  /** @type {[string, string][]} */
  const items = groups.map(({ text }, n) => [String(n), text]);
  const placeChanged = makeChangeCheck();
  const changed = makeChangeCheck();
  store.onDraw(() => {
    const { at, why } = store.get();
    if (placeChanged(at)) asked = null;
    const group = asked ?? nearestGroup(run, groups, at);
    const n = groups.indexOf(group);
    if (!changed(n, why)) return;
    const calls = namedCalls(app, group);
    const hasTimeline = calls.some(({ profile }) => profile.tl.length);
    const shown = Object.keys(TITLES).filter((id) => id !== "timeline" || hasTimeline);
    const content = /** @type {Content} */ (shown.includes(why) ? why : "time");
    replaceKids(sentence, makeSentence(app, group));
    select.update(items, String(n));
    tabs.update(content, shown);
    replaceKids(card, makeBreakdown(run, calls, content));
    layers.update(calls);
  });
};

/**
 * The calls of a group with their names, the fastest first.
 *
 * @param {App} app
 * @param {ProfileGroup} group
 * @returns {Named[]}
 */
const namedCalls = ({ run }, { members }) => {
  const cases = members.map(({ c }) => c);
  return [...members]
    .sort((a, b) => a.s - b.s)
    .map((profile) => ({ profile, name: nameAmong(run, profile.c, cases) }));
};

/**
 * The operators of one call, with a choice of the call.
 *
 * @param {App} app
 * @param {HTMLElement} table
 */
const makeLayerTabs = ({ run }, table) => {
  const holder = h("div", null);
  const title = h("h3", null, "The operators that take the most time");
  const el = h("div", { class: "card" }, h("div", { class: "row" }, title, holder), table);
  let known = "";
  let picked = "";
  return {
    el,
    /** @param {Named[]} calls */
    update: (calls) => {
      const names = calls.map(({ name }) => name);
      const show = (/** @type {string} */ name) => {
        picked = name;
        replaceKids(table, makeOperators(calls[names.indexOf(name)]));
      };
      if (!names.includes(picked)) {
        const gru = calls.find(({ profile }) => layerOf(run, profile.c).id === "gru");
        picked = (gru ?? calls[0]).name;
      }
      const tabs = makeRadios({
        ...{ name: "operators", label: "Of which layer", onPick: show },
        items: names.map((name) => [name, name]),
      });
      tabs.update(picked);
      if (names.join("\n") !== known) replaceKids(holder, tabs.el);
      known = names.join("\n");
      show(picked);
    },
  };
};

/**
 * Python's sentence on a group: it names a cause only where a profile shows it.
 *
 * @param {App} app
 * @param {ProfileGroup} group
 */
const makeSentence = ({ run }, { say }) =>
  say.length > 0 &&
  h(
    "p",
    { class: "lead" },
    say.map(([text, id, isStrong]) => {
      const layer = run.layers.find((each) => each.id === id);
      return layer || isStrong
        ? h("b", layer ? { class: `t-${layer.tone}` } : null, text)
        : text;
    }),
  );
