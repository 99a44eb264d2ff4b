/**
 * The selection in full: both cases figure by figure, their operators and memory, and
 * where they come from.
 *
 * @typedef {import("./app.js").App} App
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./schema.js").Profile} Profile
 * @typedef {import("./breakdown.js").Named} Named
 */
import { selectedRatio } from "./app.js";
import { makeBreakdown, makeOperators } from "./breakdown.js";
import { makeButton, makeChangeCheck, makeRadios } from "./controls.js";
import { h, replaceKids } from "./dom.js";
import { saveText } from "./download.js";
import { makeFigures } from "./figures.js";
import { formatInterval, formatTimes, significant } from "./format.js";
import { launchesOf } from "./strip.js";
import { openInViewer, traceAddress, writeTrace } from "./trace.js";
import { headlineOf } from "./verdict.js";
import { layerOf, nameAmong, placeOfRatio, winnerOf } from "./words.js";

/** @type {[string, string][]} */
const TABS = [
  ["figures", "Figures"],
  ["operators", "Operators"],
  ["memory", "Memory"],
  ["timeline", "Timeline"],
];

/** @param {App} app */
export const makeInspector = (app) => {
  const { run, store, links } = app;
  const head = h("div", null);
  const body = h("div", null);
  const tabs = makeRadios({
    ...{ name: "show", label: "What to show of it", items: TABS },
    onPick: (show) => store.set({ show }),
  });
  const share = makeButton("Copy a link to this view", () => links.share("explore"));
  const why = run.profiles.length ? [h("a", { href: "#why" }, "Why?")] : [];
  const foot = h("p", { class: "links" }, ...why, share);
  const el = h(
    "aside",
    { id: "aside", class: "card", "aria-label": "The selection" },
    ...[head, tabs.el, body, foot],
  );
  const profiles = new Map(run.profiles.map((profile) => [profile.c, profile]));
  const changed = makeChangeCheck();
  return {
    el,
    update: () => {
      const j = selectedRatio(app);
      const { show } = store.get();
      if (!changed(j, show)) return;
      tabs.el.hidden = j < 0;
      if (j < 0) {
        replaceKids(
          head,
          h("p", null, "Nothing is selected: pick a cell, a point or a row."),
        );
        replaceKids(body);
        return;
      }
      const calls = callsOf(run, j, profiles);
      const shown = TABS.map(([id]) => id).filter((id) => isKnown(id, calls));
      const tab = shown.includes(show) ? show : "figures";
      tabs.update(tab, shown);
      tabs.el.hidden = shown.length === 1;
      foot.firstElementChild?.toggleAttribute("hidden", !calls.length);
      replaceKids(head, makeTitle(run, j));
      replaceKids(body, makeTab(app, j, tab, calls));
    },
  };
};

/**
 * The profiled calls among the two of a ratio.
 *
 * @param {Run} run
 * @param {number} j
 * @param {Map<number, Profile>} profiles
 * @returns {Named[]}
 */
const callsOf = (run, j, profiles) => {
  const sides = [run.ratios.a[j], run.ratios.b[j]];
  return sides.flatMap((i) => {
    const profile = profiles.get(i);
    return profile ? [{ profile, name: nameAmong(run, i, sides) }] : [];
  });
};

/**
 * @param {string} tab
 * @param {Named[]} calls
 */
const isKnown = (tab, calls) =>
  tab === "figures" ||
  calls.some(({ profile }) => {
    if (tab === "timeline") return profile.tl.length > 0;
    return tab === "operators"
      ? profile.ops.length > 0
      : profile.m.some((part) => part > 0);
  });

/**
 * @param {Run} run
 * @param {number} j
 */
const makeTitle = (run, j) => {
  const { r, h: half } = run.ratios;
  return [
    h("p", { class: "what" }, placeOfRatio(run, j)),
    h(
      "p",
      { class: "line" },
      h(
        "b",
        { class: `t-${winnerOf(run, j).tone}` },
        `${headlineOf(run, j)}: ${formatTimes(r[j])}`,
      ),
      h("small", null, ` ${formatInterval(r[j], half[j])}`),
    ),
  ];
};

/**
 * @param {App} app
 * @param {number} j
 * @param {string} tab
 * @param {Named[]} calls
 */
const makeTab = (app, j, tab, calls) => {
  const { run } = app;
  if (tab === "operators") {
    return [
      makeBreakdown(run, calls, "time"),
      calls.map((call) => [h("h3", null, call.name), makeOperators(call)]),
    ];
  }
  if (tab === "memory") return makeBreakdown(run, calls, "memory");
  if (tab === "timeline") {
    const timed = calls.filter(({ profile }) => profile.tl.length);
    return [
      makeBreakdown(run, timed, "timeline"),
      timed.map((call) => traceLinks(app, call)),
    ];
  }
  return [makeFigures(run, j), launchWords(run, j)];
};

/**
 * @param {Run} run
 * @param {number} j
 */
const launchWords = (run, j) => {
  const launches = launchesOf(run, j).sort((a, b) => a - b);
  if (!launches.length) return null;
  const text = launches.map((value) => significant(value)).join("  ");
  return [h("h3", null, "The ratio in each launch"), h("p", { class: "small" }, text)];
};

/**
 * The trace in Perfetto, where the page came over http; and as a file.
 *
 * @param {App} app
 * @param {Named} call
 */
const traceLinks = ({ run, announce }, { profile, name }) => {
  const published = traceAddress(run, profile, location.href);
  const file = `${run.run.sweep}-${layerOf(run, profile.c).id}-trace`;
  const own = () => writeTrace(profile, run.kinds, name);
  const load = async () =>
    published
      ? (await fetch(published)).arrayBuffer()
      : /** @type {ArrayBuffer} */ (new TextEncoder().encode(own()).buffer);
  const open = async () => {
    const isOpen = await openInViewer(load, file);
    if (!isOpen) announce("Perfetto could not be opened.");
  };
  return h(
    "p",
    { class: "links" },
    h("span", null, name),
    location.protocol.startsWith("http") && makeButton("Open in Perfetto", open),
    published
      ? h("a", { href: published, download: true }, "Download the trace")
      : makeButton("Save as a trace", () => saveText(file, own(), "json")),
  );
};
