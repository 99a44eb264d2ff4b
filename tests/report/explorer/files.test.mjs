import assert from "node:assert/strict";
import { test } from "node:test";

import {
  caseColumns,
  ratioColumns,
  sortPoints,
} from "../../../rnnbench/report/explorer/columns.js";
import { toRecords, writeCsv } from "../../../rnnbench/report/explorer/csv.js";
import {
  lanesOf,
  nearestGroup,
  profileGroups,
} from "../../../rnnbench/report/explorer/profiles.js";
import { decodeRun } from "../../../rnnbench/report/explorer/run.js";
import { traceAddress, writeTrace } from "../../../rnnbench/report/explorer/trace.js";
import { makeIsland } from "./island.mjs";

test("a spreadsheet computes no text, and no text breaks a row", () => {
  const formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0 +1"];
  formulas.push("\ufeff=1", "\u200b@a", "\uff1d1", "\uff0b1", " \uff0d1", "\uff20a");
  const texts = [...formulas, 'a "b", c', "a\r\nb", "a", "a = 1"];
  const text = writeCsv(
    ["text"],
    texts.map((one) => [one]),
  );
  const rows = text.match(/(?:"(?:[^"]|"")*"|[^"\r\n])+\r\n/g).slice(1);
  const read = rows.map((row) =>
    row
      .slice(0, -2)
      .replace(/^"(.*)"$/s, "$1")
      .replaceAll('""', '"'),
  );
  assert.deepEqual(
    read,
    texts.map((one, n) => (n < formulas.length ? `'${one}` : one)),
  );
});

test("numbers, truth and nothing are written as they are", () => {
  assert.equal(writeCsv(["a", "b", "c"], [[-1.5, true, null]]), "a,b,c\r\n-1.5,true,\r\n");
});

test("no name of a column reaches a prototype", () => {
  const [record] = toRecords(["__proto__", "constructor"], [["x", "y"]]);
  assert.equal(Object.getPrototypeOf(record), Object.prototype);
  assert.deepEqual(Object.keys(record), ["__proto__", "constructor"]);
});

test("a file has the ratio and both ends of its interval, in base units", () => {
  const run = decodeRun(makeIsland());
  const fields = Object.fromEntries(
    ratioColumns(run, "gru", [0]).flatMap((column) => column.fields),
  );
  assert.equal(fields.ratio(0), run.ratios.r[0]);
  assert.ok(
    fields.interval_low(0) < run.ratios.r[0] && run.ratios.r[0] < fields.interval_high(0),
  );
  assert.equal(fields.candidate_seconds(0), run.cases.t[run.ratios.a[0]] / 1e9);
  assert.equal(fields.onednn(0), true);
});

test("a case without a time has its reason, and is last in either order", () => {
  const island = makeIsland();
  island.cases.t[3] = null;
  island.cases.h[3] = -1;
  island.cases.s[3] = 2;
  island.reasons = ["RuntimeError: out of luck\nat line 1"];
  island.cases.e = island.cases.t.map((time) => (time === null ? 0 : -1));
  const run = decodeRun(island);
  const points = island.cases.t.map((_, i) => i);
  const columns = caseColumns(run, points);
  const of = (id) => columns.find((column) => column.id === id);
  assert.equal(of("time").text(3), "–");
  assert.equal(of("status").text(3), "error: RuntimeError: out of luck");
  for (const isDescending of [false, true]) {
    const sorted = sortPoints(points, of("time"), isDescending);
    assert.equal(sorted.at(-1), 3);
    const times = sorted.slice(0, -1).map((i) => island.cases.t[i]);
    assert.deepEqual(
      times,
      [...times].sort((a, b) => (isDescending ? b - a : a - b)),
    );
  }
});

const profile = {
  ...{ c: 0, s: 5000, k: [3000, 2000, 0], m: [10, 20], calls: 2, ops: [], left: 0 },
  tl: [0, 100, 0, 150, 50, 1],
};

test("the spans of a timeline are in nanoseconds from the start", () => {
  assert.deepEqual(lanesOf(profile), [
    {
      name: "",
      spans: [
        { start: 0, length: 1000, kind: 0 },
        { start: 1500, length: 500, kind: 1 },
      ],
    },
  ]);
});

test("a saved trace is what Perfetto reads: events in microseconds on named rows", () => {
  const kinds = ["matrix products", "pointwise"];
  const { traceEvents } = JSON.parse(writeTrace(profile, kinds, "GRU"));
  const spans = traceEvents.filter(({ ph }) => ph === "X");
  assert.deepEqual(
    spans.map(({ name, ts, dur }) => [name, ts, dur]),
    [
      ["matrix products", 0, 1],
      ["pointwise", 1.5, 0.5],
    ],
  );
  const rows = new Map(
    traceEvents
      .filter(({ name }) => name === "thread_name")
      .map(({ tid, args }) => [tid, args.name]),
  );
  for (const { tid, name } of spans) assert.equal(rows.get(tid), name);
});

test("each thread of a timeline is a row of the saved trace", () => {
  const lanes = [
    ["host", [0, 10, 0, 5, 10, 1]],
    ["stream 7", [3, 4, 1]],
  ];
  const { traceEvents } = JSON.parse(writeTrace({ ...profile, lanes }, ["a", "b"], "GRU"));
  const rows = traceEvents
    .filter(({ name }) => name === "thread_name")
    .map(({ args }) => args.name);
  assert.deepEqual(rows, ["host", "stream 7"]);
});

test("a trace is taken from the page's own site only", () => {
  const page = "https://example.org/reports/run/index.html";
  const of = (traces, trace) =>
    traceAddress({ run: { sweep: "x", traces } }, { ...profile, trace }, page);
  assert.equal(
    of("traces", "a b.json.gz"),
    "https://example.org/reports/run/traces/a%20b.json.gz",
  );
  assert.equal(of("https://evil.example", "a"), null);
  assert.equal(of("javascript:alert(1)//", "a"), null);
  assert.equal(of("//evil.example", "a"), null);
  assert.equal(of(null, "a"), null);
  assert.equal(of("traces", undefined), null);
});

test("profiles that belong together are found from the place beside them", () => {
  const island = makeIsland();
  const at = (hidden, phase) =>
    island.cases.layer.findIndex(
      (layer, i) =>
        layer === 1 &&
        island.cases.axis[0][i] === hidden &&
        island.cases.axis[3][i] === phase,
    );
  island.profiles = [0, 1].map((phase) => ({ ...profile, c: at(1, phase) }));
  island.why = [0, 1].map((n) => ({ p: [n], say: [] }));
  const run = decodeRun(island);
  const groups = profileGroups(run);
  assert.equal(nearestGroup(run, groups, [2, 1, 0, 1]), groups[1]);
  assert.match(groups[1].text, /hidden size 64, 8 steps, training/);
});
