import assert from "node:assert/strict";
import { test } from "node:test";

import {
  splitIntoFacets,
  visibleRatios,
} from "../../../rnnbench/report/explorer/filters.js";
import { groupBy } from "../../../rnnbench/report/explorer/groups.js";
import { metricsOf } from "../../../rnnbench/report/explorer/metrics.js";
import { Selector, startPlace } from "../../../rnnbench/report/explorer/pick.js";
import {
  closestMark,
  layOutPlot,
  readingOrder,
} from "../../../rnnbench/report/explorer/plot.js";
import { decodeRun } from "../../../rnnbench/report/explorer/run.js";
import { defaultState } from "../../../rnnbench/report/explorer/state.js";
import { makeIsland } from "./island.mjs";

const setUp = (change = {}, options = {}) => {
  const run = decodeRun(makeIsland({ ratio: ({ hidden }) => hidden / 40, ...options }));
  const state = defaultState(run, startPlace(run, new Selector(run)));
  const points = visibleRatios(run, state);
  const metrics = metricsOf(run);
  const figure = {
    ...{
      y: metrics.get("ratio"),
      xMetric: null,
      xDimension: 0,
      isLog: true,
      isOwn: false,
      hasMeans: true,
    },
    facets: splitIntoFacets(run, [2, 3], points, "ratio").facets,
    grouping: groupBy(run, "winner", "ratio", points[0]),
    ...change,
  };
  return { run, metrics, points, figure };
};

for (const width of [280, 700, 1600]) {
  test(`every mark lies within its panel at ${width} px`, () => {
    const { run, figure } = setUp();
    const { panels, marks } = layOutPlot(run, figure, width);
    assert.equal(panels.length, 4);
    for (const panel of panels) {
      assert.ok(panel.x >= 0 && panel.x + panel.width <= width);
      for (let m = panel.from; m < panel.to; m++) {
        assert.ok(marks.x[m] >= panel.x && marks.x[m] <= panel.x + panel.width);
        assert.ok(marks.y[m] >= panel.y && marks.y[m] <= panel.y + panel.height);
      }
    }
  });
}

test("panels do not overlap", () => {
  const { run, figure } = setUp();
  const { panels } = layOutPlot(run, figure, 900);
  panels.forEach((a, n) =>
    panels.slice(n + 1).forEach((b) => {
      const apart =
        a.x + a.width <= b.x ||
        b.x + b.width <= a.x ||
        a.y + a.height <= b.y ||
        b.y + b.height <= a.y;
      assert.ok(apart);
    }),
  );
});

test("a larger value lies higher", () => {
  const { run, figure } = setUp();
  const { panels, marks } = layOutPlot(run, figure, 900);
  for (const { from, to } of panels) {
    for (let m = from + 1; m < to; m++) {
      const [low, high] = [m - 1, m].sort(
        (a, b) => run.ratios.r[marks.point[a]] - run.ratios.r[marks.point[b]],
      );
      assert.ok(marks.y[high] <= marks.y[low] + 0.01);
    }
  }
});

test("panels share a scale, or each has one that its own values fill", () => {
  const { run, figure } = setUp();
  const shared = layOutPlot(run, figure, 900).panels.map(({ scale }) => [
    scale.from,
    scale.to,
  ]);
  assert.equal(new Set(shared.map(String)).size, 1);
  const own = layOutPlot(run, { ...figure, isOwn: true }, 900).panels;
  assert.ok(new Set(own.map(({ scale }) => scale.to)).size > 1);
  assert.ok(own.every(({ hasLabels }) => hasLabels));
});

test("a bold line is the geometric mean of its points", () => {
  const { run, figure } = setUp();
  const { panels } = layOutPlot(run, figure, 900);
  const [panel] = panels;
  const expected = [32, 64, 128].map((hidden) => Math.log(hidden / 40));
  const { from, to } = panel.scale;
  const found = panel.means[0].at.map(([, y]) => {
    const share = 1 - (y - panel.y) / panel.height;
    return Math.log(from) + share * Math.log(to / from);
  });
  found.forEach((value, n) => assert.ok(Math.abs(value - expected[n]) < 1e-6));
});

test("pale lines join the same place along what is across", () => {
  const { run, figure } = setUp();
  const { panels } = layOutPlot(run, figure, 900);
  // Two lengths in each panel, at three hidden sizes.
  for (const { series } of panels)
    assert.deepEqual(
      series.map(({ at }) => at.length),
      [3, 3],
    );
});

test("a figure may lie across, and then no line joins points", () => {
  const { run, metrics, figure } = setUp();
  const plot = layOutPlot(run, { ...figure, xMetric: metrics.get("memory_ratio") }, 900);
  assert.equal(plot.xTitle, "memory ratio");
  assert.deepEqual(
    plot.panels.flatMap(({ series, means }) => [...series, ...means]),
    [],
  );
});

test("the closest mark is found within reach, and none beyond", () => {
  const { run, figure } = setUp();
  const { marks } = layOutPlot(run, figure, 900);
  for (let m = 0; m < marks.count; m++) {
    const found = closestMark(marks, marks.x[m], marks.y[m], 5);
    assert.equal(marks.x[found], marks.x[m]);
    assert.equal(marks.y[found], marks.y[m]);
  }
  assert.equal(closestMark(marks, -500, -500, 20), -1);
});

test("marks are read panel by panel, each from left to right", () => {
  const { run, figure } = setUp();
  const plot = layOutPlot(run, figure, 900);
  const order = readingOrder(plot);
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    Array.from({ length: plot.marks.count }, (_, m) => m),
  );
  for (const { from, to } of plot.panels) {
    const xs = order.slice(from, to).map((m) => plot.marks.x[m]);
    assert.deepEqual(
      xs,
      [...xs].sort((a, b) => a - b),
    );
  }
});
