import assert from "node:assert/strict";
import { test } from "node:test";

import {
  splitIntoFacets,
  visibleCases,
  visibleRatios,
} from "../../../rnnbench/report/explorer/filters.js";
import { makeGrid, shadeOf } from "../../../rnnbench/report/explorer/grid.js";
import { Selector, startPlace } from "../../../rnnbench/report/explorer/pick.js";
import { decodeRun } from "../../../rnnbench/report/explorer/run.js";
import { defaultState } from "../../../rnnbench/report/explorer/state.js";
import { makeIsland } from "./island.mjs";

const setUp = (options, change = () => {}) => {
  const island = makeIsland(options);
  change(island);
  const run = decodeRun(island);
  return { run, state: defaultState(run, startPlace(run, new Selector(run))) };
};
const gridOf = ({ run, state }) => makeGrid(run, state, visibleRatios(run, state));

test("each ratio of the pair stands in one cell", () => {
  const { run, state } = setUp();
  const grid = gridOf({ run, state });
  const cells = grid.panels.flatMap(({ cells }) => cells.flat()).filter(Boolean);
  const found = cells.flatMap(({ ratios }) => ratios).sort((a, b) => a - b);
  assert.deepEqual(found, visibleRatios(run, state));
  assert.equal(grid.panels.length, 4);
  assert.deepEqual(grid.panels[0].rows, [[0], [1], [2]]);
});

test("a place that was not measured is an empty cell", () => {
  const { run, state } = setUp({
    skip: ({ hidden, steps }) => hidden === 32 && steps === 8,
  });
  const [panel] = gridOf({ run, state }).panels;
  assert.equal(panel.cells[0][0], null);
  assert.ok(panel.cells[0][1]);
});

test("a cell of several ratios shows their geometric mean", () => {
  const { run, state } = setUp({ ratio: ({ steps }) => (steps === 8 ? 2 : 8) });
  const grid = gridOf({ run, state: { ...state, cols: "phase" } });
  const cell = grid.panels[0].cells[0][0];
  assert.equal(cell.ratios.length, 2);
  assert.ok(Math.abs(cell.value - 4) < 1e-12);
  assert.equal(cell.h, -1);
});

test("a mean with an interval is taken from Python where it is of the same ratios", () => {
  const change = (island) => {
    island.map = { rows: ["hidden_size"], cols: ["phase"], facets: ["onednn"] };
    island.pooled = {
      k: [0],
      axis: [[1], [-1], [0], [0]],
      n: [2],
      r: [3.21],
      h: [123],
      v: [3],
    };
  };
  const { run, state } = setUp({}, change);
  const cell = gridOf({ run, state }).panels[0].cells[1][0];
  assert.deepEqual([cell.value, cell.h, cell.verdict], [3.21, 123, 3]);
  // With a filter the cell has fewer ratios: another mean.
  const filtered = gridOf({ run, state: { ...state, only: [[], [0], [], []] } });
  assert.equal(filtered.panels[0].cells[1][0].ratios.length, 1);
  assert.notEqual(filtered.panels[0].cells[1][0].value, 3.21);
});

test("comparisons of several layers stand side by side, one to a row", () => {
  const { run, state } = setUp({ layers: ["lstm", "gru", "rnn_tanh"] });
  const grid = gridOf({ run, state: { ...state, pair: "*" } });
  const [panel] = grid.panels;
  assert.equal(panel.rows.length, 3);
  for (const cell of grid.panels.flatMap(({ cells }) => cells.flat()).filter(Boolean)) {
    assert.equal(new Set(cell.ratios.map((j) => run.ratios.k[j])).size, 1);
  }
});

test("too many cells are counted and not made", () => {
  const hidden = Array.from({ length: 70 }, (_, n) => n + 1);
  const { run, state } = setUp({ hidden, steps: hidden });
  const grid = gridOf({ run, state });
  assert.ok(grid.count > 4000);
  assert.deepEqual(grid.panels, []);
});

test("shades are the same for a ratio and its inverse, and grow with it", () => {
  const ratios = [1.05, 1.1, 1.3, 1.7, 2.5, 4, 30];
  assert.deepEqual(ratios.map(shadeOf), [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(
    ratios.map((ratio) => shadeOf(1 / ratio)),
    ratios.map(shadeOf),
  );
});

test("a filter lets pass what its axis means nothing for", () => {
  const { run, state } = setUp();
  const only = [[], [], [1], []];
  const layers = visibleCases(run, { ...state, only }).map((i) => [
    run.cases.layer[i],
    run.cases.axis[2][i],
  ]);
  assert.deepEqual([...new Set(layers.map(String))].sort(), ["0,1", "1,-1"]);
});

test("what a dimension means nothing for stands in each of its panels", () => {
  const { run } = setUp();
  const points = run.cases.layer.map((_, i) => i);
  const { facets } = splitIntoFacets(run, [2, 3], points, "case");
  assert.equal(facets.length, 4);
  for (const { points: found } of facets)
    assert.ok(found.some((i) => run.cases.axis[2][i] < 0));
  const total = facets.reduce((sum, facet) => sum + facet.points.length, 0);
  const free = points.filter((i) => run.cases.axis[2][i] < 0).length;
  assert.equal(total, points.length + free);
});
