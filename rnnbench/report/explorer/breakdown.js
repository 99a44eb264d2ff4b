/**
 * Where the time and the memory of profiled calls go.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./schema.js").Profile} Profile
 * @typedef {{profile: Profile, name: string}} Named
 * @typedef {"time" | "timeline" | "memory"} Content
 */
import { columnHead, h, makeTable, s } from "./dom.js";
import { formatBytes, formatCount, formatPercent, formatTime } from "./format.js";
import { lanesOf, sumOf } from "./profiles.js";
import { layerOf } from "./words.js";

// Parts beyond those that PyTorch tells apart have the colour of the last.
const LAST_PART = 6;

/** @type {Record<Content, string>} */
export const TITLES = {
  time: "Time by kind of operator",
  timeline: "One call over time",
  memory: "Memory at its peak",
};

/**
 * Bars of the calls with their legend.
 *
 * @param {Run} run
 * @param {Named[]} calls
 * @param {Content} content
 */
export const makeBreakdown = (run, calls, content) => {
  const isMemory = content === "memory";
  const isTimeline = content === "timeline";
  const names = isMemory ? run.parts : run.kinds;
  const values = (/** @type {Profile} */ profile) => (isMemory ? profile.m : profile.k);
  const length = (/** @type {Profile} */ profile) =>
    isTimeline ? profile.s : sumOf(values(profile));
  const top = Math.max(...calls.map(({ profile }) => length(profile))) || 1;
  const uses = (/** @type {number} */ n) =>
    calls.some(({ profile }) =>
      isTimeline
        ? lanesOf(profile).some(({ spans }) => spans.some(({ kind }) => kind === n))
        : values(profile)[n] > 0,
    );
  const text = isMemory ? formatBytes : formatTime;
  const hue = (/** @type {number} */ n) =>
    isMemory ? `p${Math.min(n, LAST_PART)}` : `k${n}`;
  const used = names.map((name, n) => uses(n) && h("span", null, swatch(hue(n)), name));
  const rows = calls.map(({ profile, name }) => {
    const tone = `t-${layerOf(run, profile.c).tone}`;
    const bar = isTimeline
      ? timelineOf(run, profile, name, top)
      : stackOf({ names, values: values(profile), top, name, text, hue });
    return [
      h("th", { scope: "row" }, h("span", { class: tone }, name)),
      h("td", null, bar),
      h("td", { class: "val" }, text(length(profile))),
    ];
  });
  return [
    h("p", { class: "legend" }, used),
    makeTable({ class: "stack", "aria-label": TITLES[content] }, { rows }),
    h("p", { class: "sub small" }, profilerNote(calls, content)),
  ];
};

/** @param {string} hue */
const swatch = (hue) =>
  s(
    "svg",
    { "aria-hidden": "true", class: "swatch" },
    s("rect", { class: hue, width: "100%", height: "100%", rx: 2 }),
  );

/**
 * @param {{names: string[], values: number[], top: number, name: string, text: (value: number) => string, hue: (n: number) => string}} stack
 */
const stackOf = ({ names, values, top, name, text, hue }) => {
  const total = sumOf(values) || 1;
  let from = 0;
  const parts = values.map((value, n) => {
    const x = from;
    from += value;
    const share = `${text(value)}, ${formatPercent(value / total)} of ${name}`;
    return (
      value > 0 &&
      s("rect", {
        ...{ class: hue(n), "data-t": `${names[n]}\n${share}` },
        ...{ x: `${(100 * x) / top}%`, width: `${(100 * value) / top}%`, height: "100%" },
      })
    );
  });
  const said = values.flatMap((value, n) =>
    value > 0 ? [`${names[n]} ${formatPercent(value / total)}`] : [],
  );
  return s("svg", { role: "img", "aria-label": `${name}: ${said.join(", ")}` }, parts);
};

/**
 * A strip for each thread or stream.
 *
 * @param {Run} run
 * @param {Profile} profile
 * @param {string} name
 * @param {number} top
 */
const timelineOf = (run, profile, name, top) =>
  lanesOf(profile).map(({ name: lane, spans }) => {
    const paths = run.kinds.map(() => "");
    for (const { start, length, kind } of spans) {
      paths[kind] += `M${start} 0h${length}v10h-${length}z`;
    }
    const said = [name, lane].filter(Boolean).join(", ");
    const strip = s(
      "svg",
      {
        ...{ class: "tl", viewBox: `0 0 ${top} 10`, preserveAspectRatio: "none" },
        ...{ role: "img", "aria-label": `${said}: one call over ${formatTime(profile.s)}` },
      },
      paths.map(
        (d, kind) => d && s("path", { class: `k${kind}`, d, "data-t": run.kinds[kind] }),
      ),
    );
    return lane ? [h("small", null, lane), strip] : strip;
  });

/**
 * @param {Named[]} calls
 * @param {Content} content
 */
const profilerNote = (calls, content) => {
  if (content === "memory") {
    return (
      "All that is held at the peak, weights and input too. " +
      "What a backend takes past PyTorch’s allocator is not seen."
    );
  }
  const left = sumOf(calls.map(({ profile }) => profile.left));
  const hidden = content === "timeline" && left > 0;
  return [
    "Under the profiler, which slows a call down. No timed call runs under it.",
    hidden && ` ${formatCount(left)} of the shortest spans are left out.`,
  ];
};

/**
 * The operators of one call that take the most time.
 *
 * @param {Named} call
 */
export const makeOperators = ({ profile, name }) => {
  const number = (/** @type {string} */ text) => h("td", { class: "n" }, text);
  const rows = profile.ops.map(([operator, kind, calls, time]) => [
    h("th", { scope: "row" }, swatch(`k${kind}`), h("code", null, operator)),
    number(formatCount(calls)),
    number(formatTime(time)),
    number(formatPercent(time / profile.s)),
  ]);
  const head = [
    columnHead("operator"),
    ...["calls", "time", "share"].map((text) => columnHead(text, true)),
  ];
  const label = `Operators of ${name}`;
  return h(
    "div",
    { class: "scroll" },
    makeTable({ class: "plain", "aria-label": label }, { head, rows }),
  );
};
