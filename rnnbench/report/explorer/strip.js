/**
 * One ratio on a strip: its launches, its interval, and the two sides of 1.
 *
 * @typedef {import("./run.js").Run} Run
 */
import { h, s } from "./dom.js";
import { formatInterval, formatTimes, highEnd, lowEnd } from "./format.js";
import { ratioTicks, scaleAround } from "./scales.js";
import { sidesOfRatio, winnerOf } from "./words.js";

// Launches lie in lanes, so that those of nearly the same ratio can be told apart.
const LANES = [30, 70, 22, 78, 38, 62];
const MOST_TICKS = 6;

/**
 * The ratio of each launch; none where the page does not hold them.
 *
 * @param {Run} run
 * @param {number} j
 */
export const launchesOf = ({ ratios }, j) =>
  (ratios.l?.[j] ?? []).map((log) => ratios.r[j] * Math.exp(log * 1e-4));

/**
 * @param {Run} run
 * @param {number} j
 */
export const makeStrip = (run, j) => {
  const ratio = run.ratios.r[j];
  const half = run.ratios.h[j];
  const launches = launchesOf(run, j);
  // An interval without a bound must not flatten the rest.
  const ends = [lowEnd(ratio, half) || ratio, Math.min(highEnd(ratio, half), 9 * ratio)];
  const scale = scaleAround([0.6, 1.7, ratio, ...ends, ...launches], {
    log: true,
    room: 0.14,
  });
  const at = (/** @type {number} */ value) => `${100 * scale.at(value)}%`;
  const { tone } = winnerOf(run, j);
  const { leftTone, rightTone } = sidesOfRatio(run, j);
  const ticks = ratioTicks(scale, MOST_TICKS);
  const text = `${formatTimes(ratio)}, interval ${formatInterval(ratio, half)}`;
  return h(
    "div",
    { class: "mini" },
    s(
      "svg",
      { class: "strip", role: "img", "aria-label": text },
      s("rect", { class: `z-${leftTone}`, width: at(1), height: "100%" }),
      s("rect", {
        class: `z-${rightTone}`,
        x: at(1),
        width: `${100 - 100 * scale.at(1)}%`,
        height: "100%",
      }),
      ticks.map((tick) =>
        s("line", {
          class: tick === 1 ? "one" : "grid",
          x1: at(tick),
          x2: at(tick),
          y2: "100%",
        }),
      ),
      launches.map((value, n) =>
        s("circle", {
          class: `launch f-${tone}`,
          cx: at(value),
          cy: `${LANES[n % 6]}%`,
          r: 3,
        }),
      ),
      half >= 0 &&
        s("line", {
          class: `ci s-${tone}`,
          x1: at(ends[0]),
          x2: at(ends[1]),
          y1: "50%",
          y2: "50%",
        }),
      s(
        "svg",
        { class: "mean", x: at(ratio), y: "50%" },
        s("path", { class: `f-${tone}`, d: "M0-8 8 0 0 8-8 0Z" }),
      ),
    ),
    h(
      "div",
      { class: "axis", "aria-hidden": "true" },
      s(
        "svg",
        null,
        ticks.map((tick) =>
          s(
            "text",
            { x: at(tick), y: 14, "text-anchor": "middle", class: tick === 1 && "strong" },
            `${tick}×`,
          ),
        ),
      ),
    ),
  );
};
