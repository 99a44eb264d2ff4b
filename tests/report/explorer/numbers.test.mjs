import assert from "node:assert/strict";
import { test } from "node:test";

import * as format from "../../../rnnbench/report/explorer/format.js";
import { metricsOf } from "../../../rnnbench/report/explorer/metrics.js";
import { decodeRun } from "../../../rnnbench/report/explorer/run.js";
import {
  makeScale,
  niceTicks,
  ratioTicks,
  scaleAround,
} from "../../../rnnbench/report/explorer/scales.js";
import { makeIsland, makeRandom } from "./island.mjs";

const plain = (text) => text.replaceAll("\u00a0", " ");

test("times have three digits and the unit that keeps them short", () => {
  const texts = [1, 999.4, 999.7, 1234, 1e6, 5.5e9].map((ns) =>
    plain(format.formatTime(ns)),
  );
  assert.deepEqual(texts, ["1.00 ns", "999 ns", "1.00 µs", "1.23 µs", "1.00 ms", "5.50 s"]);
});

test("what is not known is a dash", () => {
  assert.equal(format.formatTime(null), "–");
  assert.equal(format.formatBytes(null), "–");
  assert.equal(format.formatTimes(NaN), "–");
  assert.equal(format.formatPercent(NaN), "–");
  assert.equal(format.formatInterval(2, -1), "no interval");
});

test("an interval has the ratio in its middle, on logarithms", () => {
  const random = makeRandom(3);
  for (let n = 0; n < 200; n++) {
    const value = Math.exp(8 * random() - 4);
    const half = Math.floor(random() * 1e5);
    const product = format.lowEnd(value, half) * format.highEnd(value, half);
    assert.ok(Math.abs(product / value ** 2 - 1) < 1e-9);
  }
});

test("both ends of a time's interval have the unit of its middle", () => {
  assert.equal(plain(format.formatTimeInterval(1_001_000, 300)), "0.998 to 1.00 ms");
});

test("a tick loses the zeros that say nothing", () => {
  assert.deepEqual(["0.0500×", "10.0 µs", "100 %", "2.50×"].map(format.withoutZeros), [
    "0.05×",
    "10 µs",
    "100 %",
    "2.5×",
  ]);
});

test("ticks lie on their scale, in order, and are few", () => {
  const random = makeRandom(5);
  for (let n = 0; n < 300; n++) {
    const from = Math.exp(30 * random() - 15);
    const scale = scaleAround([from, from * Math.exp(12 * random() + 0.01)], {
      log: random() < 0.7,
    });
    const ticks = niceTicks(scale, { binary: random() < 0.3, most: 7 });
    assert.ok(
      ticks.length >= 1 && ticks.length <= 9,
      `${scale.from} ${scale.to}: ${ticks}`,
    );
    ticks.forEach((tick, t) => {
      const at = scale.at(tick);
      assert.ok(at > -1e-9 && at < 1 + 1e-9);
      assert.ok(t === 0 || tick > ticks[t - 1]);
    });
  }
});

test("a scale of ratios has 1 among its ticks, however few there are", () => {
  for (const reach of [1.1, 2, 10, 150]) {
    const scale = scaleAround([1 / reach, reach], { log: true, ratio: true });
    for (const most of [3, 6, 8]) assert.ok(ratioTicks(scale, most).includes(1));
  }
});

test("a scale without any value can be drawn", () => {
  for (const log of [true, false]) {
    const scale = scaleAround([], { log });
    assert.ok(Number.isFinite(scale.at(1)));
  }
  assert.ok(Number.isFinite(makeScale(1, 1, true).at(1)));
});

test("figures that a run has no value of are not offered", () => {
  const island = makeIsland();
  assert.deepEqual(
    [...metricsOf(decodeRun(island)).keys()],
    ["ratio", "memory_ratio", "time", "step_time", "rate", "memory"],
  );
  island.cases.m.fill(null);
  island.cases.q.fill(500);
  island.cases.j = island.cases.t.map(() => 1e6);
  assert.deepEqual(
    [...metricsOf(decodeRun(island)).keys()],
    ["ratio", "time", "step_time", "rate", "energy", "roof"],
  );
});

test("sequences per second follow from the time and the batch", () => {
  const run = decodeRun(makeIsland());
  const rate = metricsOf(run).get("rate");
  assert.ok(Math.abs(rate.value(0) * run.cases.t[0] - 16e9) < 1);
});
