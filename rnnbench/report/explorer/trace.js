/**
 * Traces for Perfetto: the published one, or one that is made of the page's timeline.
 *
 * @typedef {import("./schema.js").Profile} Profile
 * @typedef {import("./run.js").Run} Run
 */
import { lanesOf } from "./profiles.js";

const VIEWER = "https://ui.perfetto.dev";
const PAUSE_OF_PING = 100;
const MOST_PINGS = 300;
const NANOSECONDS = 1000;

/**
 * The address of a published trace; null where there is none on the page's own site.
 *
 * @param {Run} run
 * @param {Profile} profile
 * @param {string} page
 * @returns {string | null}
 */
export const traceAddress = ({ run }, { trace }, page) => {
  if (!trace || typeof run.traces !== "string") return null;
  try {
    const address = new URL(`${run.traces}/${trace}`, page);
    const own = new URL(page);
    const isOwn = address.protocol === own.protocol && address.host === own.host;
    return isOwn ? address.href : null;
  } catch {
    return null;
  }
};

/**
 * A timeline in Chrome's trace format: a row for each thread, or each kind of operator.
 *
 * @param {Profile} profile
 * @param {string[]} kinds
 * @param {string} name
 */
export const writeTrace = (profile, kinds, name) => {
  const lanes = lanesOf(profile);
  const rowOf = (/** @type {number} */ lane, /** @type {number} */ kind) =>
    1 + (lanes.length > 1 ? lane : kind);
  /** @type {Map<number, string>} */
  const rows = new Map();
  const events = lanes.flatMap(({ name: lane, spans }, n) =>
    spans.map(({ start, length, kind }) => {
      const tid = rowOf(n, kind);
      rows.set(tid, lane || kinds[kind]);
      const time = { ts: start / NANOSECONDS, dur: length / NANOSECONDS };
      return { ph: "X", name: kinds[kind], cat: kinds[kind], pid: 1, tid, ...time };
    }),
  );
  const names = [...rows].map(([tid, row]) => {
    return { ph: "M", name: "thread_name", pid: 1, tid, args: { name: row } };
  });
  const process = { ph: "M", name: "process_name", pid: 1, args: { name } };
  return JSON.stringify({
    displayTimeUnit: "ns",
    traceEvents: [process, ...names, ...events],
  });
};

/**
 * Hand a trace to Perfetto in a new window, the way that it documents: ask until it
 * answers, then send. Nothing is sent to its server. Browsers allow this only to a page
 * that came over http.
 *
 * @param {() => Promise<ArrayBuffer>} load
 * @param {string} title
 * @returns {Promise<boolean>} Whether it was handed over.
 */
export const openInViewer = async (load, title) => {
  // Before anything is awaited, or the browser takes it for a window nobody asked for.
  const viewer = window.open(VIEWER);
  if (!viewer) return false;
  try {
    const buffer = await load();
    await answered(viewer);
    viewer.postMessage({ perfetto: { buffer, title } }, VIEWER);
    return true;
  } catch {
    return false;
  }
};

/** @param {Window} viewer */
const answered = (viewer) =>
  new Promise((resolve, reject) => {
    let pings = 0;
    const end = (/** @type {(value?: unknown) => void} */ how) => {
      clearInterval(timer);
      removeEventListener("message", listen);
      how();
    };
    const listen = (/** @type {MessageEvent} */ { source, origin, data }) => {
      if (source === viewer && origin === VIEWER && data === "PONG") end(resolve);
    };
    const timer = setInterval(() => {
      pings += 1;
      if (pings > MOST_PINGS || viewer.closed) end(reject);
      else viewer.postMessage("PING", VIEWER);
    }, PAUSE_OF_PING);
    addEventListener("message", listen);
  });
