import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Selector,
  choose,
  measuredSizes,
  placeOfPick,
  startPlace,
} from "../../../rnnbench/report/explorer/pick.js";
import { PlaceIndex, casesAt } from "../../../rnnbench/report/explorer/places.js";
import { decodeRun } from "../../../rnnbench/report/explorer/run.js";
import { makeIsland, makeRandom } from "./island.mjs";

const sparse = ({ hidden, steps }) => hidden !== 64 && steps !== 16;
const setUp = (options) => {
  const run = decodeRun(makeIsland(options));
  return { run, selector: new Selector(run) };
};

test("a ratio is found at its own place and at no other", () => {
  const { run, selector } = setUp({ skip: sparse });
  const measured = new Set();
  for (const j of selector.ratiosOf[0]) {
    const at = placeOfPick(run, j, [0, 0, 0, 0]);
    assert.equal(selector.ratioAt(0, at), j);
    measured.add(at.join());
  }
  run.axes[0].words.forEach((_, x) =>
    run.axes[1].words.forEach((_, y) => {
      const at = [x, y, 0, 0];
      assert.equal(selector.ratioAt(0, at) >= 0, measured.has(at.join()));
    }),
  );
});

test("an axis that means nothing for a ratio may have any value", () => {
  const { selector } = setUp();
  const [on, off] = [0, 1].map((backend) => selector.ratioAt(1, [1, 1, backend, 0]));
  assert.ok(on >= 0);
  assert.equal(on, off);
});

test("the nearest place is the nearest of all", () => {
  const { run, selector } = setUp({
    hidden: [8, 16, 32, 64, 128],
    steps: [1, 2, 4, 8],
    skip: sparse,
  });
  const index = selector.index(0);
  const random = makeRandom(1);
  for (let n = 0; n < 200; n++) {
    const at = run.axes.map((axis) => Math.floor(random() * axis.values.length));
    const found = index.nearest(at);
    const least = Math.min(...index.points.map((j) => index.distance(j, at)));
    assert.equal(index.distance(found, at), least);
  }
});

test("a run with many axes has keys that are exact", () => {
  const island = makeIsland();
  for (let n = 0; n < 10; n++) {
    const values = Array.from({ length: 9 }, (_, v) => v);
    island.axes.push({
      ...island.axes[3],
      id: `axis_${n}`,
      values,
      words: values.map(String),
    });
    island.cases.axis.push(island.cases.layer.map((_, i) => (i * (n + 1)) % 9));
  }
  const run = decodeRun(island);
  const index = new PlaceIndex(
    run,
    "case",
    run.cases.layer.map((_, i) => i),
  );
  run.cases.layer.forEach((_, i) => {
    const at = run.axes.map((_, k) => Math.max(0, run.cases.axis[k][i]));
    const found = index.find(at);
    assert.ok(
      run.axes.every(
        (_, k) => run.cases.axis[k][found] < 0 || run.cases.axis[k][found] === at[k],
      ),
    );
  });
});

test("cases at a place are of every layer and every backend", () => {
  const { run } = setUp({ layers: ["lstm", "gru", "rnn_tanh"] });
  const found = casesAt(run, [0, 0, 0, 1]).map((i) => [
    run.layers[run.cases.layer[i]].id,
    run.cases.axis[2][i],
  ]);
  assert.deepEqual(found, [
    ["lstm", 0],
    ["lstm", 1],
    ["gru", -1],
    ["rnn_tanh", -1],
  ]);
});

test("the start is a measured place with PyTorch's defaults", () => {
  const { run, selector } = setUp({ skip: sparse });
  const at = startPlace(run, selector);
  assert.ok(selector.ratioAt(0, at) >= 0);
  assert.deepEqual(at.slice(2), [0, 0]);
  // Only there are all values beside it measured.
  assert.equal(run.axes[0].values[at[0]], 64);
  assert.equal(run.axes[1].values[at[1]], 16);
});

test("a choice that was not measured keeps its value and says what moved", () => {
  const { run, selector } = setUp({ skip: sparse });
  const from = [1, 0, 0, 0];
  const { at, moved } = choose(run, selector, from, [[0, 2]]);
  assert.deepEqual(at, [2, 1, 0, 0]);
  assert.match(moved, /16 steps/);
  assert.doesNotMatch(moved, /hidden/);
});

test("a choice that was measured moves nothing else", () => {
  const { run, selector } = setUp({ skip: sparse });
  assert.deepEqual(choose(run, selector, [1, 1, 0, 0], [[3, 1]]), {
    at: [1, 1, 0, 1],
    moved: "",
  });
});

test("measured sizes are listed once, with the name of their use", () => {
  const island = makeIsland({ skip: sparse });
  island.uses = [["speech", [0]]];
  const run = decodeRun(island);
  const sizes = measuredSizes(run, new Selector(run));
  assert.equal(sizes.length, 4);
  assert.equal(
    sizes.filter(({ text }) => text.startsWith("speech: hidden size 32")).length,
    1,
  );
});

test("a run without ratios has a place to begin at", () => {
  const island = makeIsland();
  island.pairs = [];
  island.ratios = { k: [], a: [], b: [], r: [], h: [], n: [], v: [] };
  const run = decodeRun(island);
  const selector = new Selector(run);
  assert.deepEqual(startPlace(run, selector), [1, 1, 0, 0]);
  assert.equal(selector.ratioAt(0, [0, 0, 0, 0]), -1);
});
