import assert from "node:assert/strict";
import { test } from "node:test";

import { readAddress, writeAddress } from "../../../rnnbench/report/explorer/address.js";
import { Selector, startPlace } from "../../../rnnbench/report/explorer/pick.js";
import { decodeRun } from "../../../rnnbench/report/explorer/run.js";
import { defaultState } from "../../../rnnbench/report/explorer/state.js";
import { makeIsland, makeRandom } from "./island.mjs";

const island = makeIsland();
// A value that an address must not be torn by.
island.axes[3].values = ["a,b", "c&d=e#f?g%h"];
const run = decodeRun(island);
const start = defaultState(run, startPlace(run, new Selector(run)));

test("the state at the start needs no address", () => {
  assert.equal(writeAddress(run, start, start, ""), "");
  assert.equal(writeAddress(run, start, start, "why"), "#why");
  assert.deepEqual(readAddress(run, "#why", start), { section: "why", state: null });
});

test("names and values are PyTorch's", () => {
  const state = { ...start, at: [2, 1, 1, 0], only: [[0, 2], [], [0], []] };
  assert.equal(
    writeAddress(run, state, start, "size"),
    "#size?hidden_size=128&onednn=false&only.hidden_size=32,128&only.onednn=true",
  );
});

test("what is written is read again", () => {
  const random = makeRandom(7);
  const of = (list) => list[Math.floor(random() * list.length)];
  for (let n = 0; n < 500; n++) {
    const state = {
      ...start,
      at: run.axes.map((axis) => Math.floor(random() * axis.values.length)),
      only: run.axes.map((axis) =>
        axis.values.flatMap((_, v) => (random() < 0.3 ? [v] : [])),
      ),
      view: of(["map", "chart", "table"]),
      pair: of(["*", ...run.pairs.map(({ id }) => id)]),
      rows: of(["hidden_size", "seq_len,hidden_size", "layer"]),
      x: of(["seq_len", "time", "memory"]),
      y: of(["ratio", "time", "rate"]),
      facet: of(["", "phase", "onednn,phase"]),
      yrange: of(["shared", "own"]),
      sort: of(["", "ratio", "-hidden_size"]),
      page: of([1, 2, 77]),
    };
    const hash = writeAddress(run, state, start, "explore");
    assert.deepEqual(readAddress(run, hash, start).state ?? start, state, hash);
  }
});

const HOSTILE = [
  "#explore?view=<img src=x onerror=alert(1)>",
  "#explore?constructor=1&__proto__=2&only.__proto__=3&only.constructor=4",
  "#explore?pair=__proto__&x=toString&y=valueOf&color=__proto__&facet=hasOwnProperty,,",
  "#explore?hidden_size=7&hidden_size=NaN&only.hidden_size=,,7,<b>",
  "#explore?page=-3&page=1e9&page=Infinity&sort=<b>&moved=x&at=1&only=2",
  "#explore?%E0%A4%A=%E0%A4%A&hidden_size=%",
  "#explore?rows=hidden_size,hidden_size&cols=a,b,c&facet=phase,phase",
  "#explore????&&&===",
  `#explore?${"a=b&".repeat(5000)}`,
];

for (const hash of HOSTILE) {
  test(`it changes nothing: ${hash.slice(0, 60)}`, () => {
    assert.deepEqual(readAddress(run, hash, start).state, start);
  });
}

test("a section is a plain name", () => {
  for (const hash of ["#<b>", "#a b", "#../x", `#${"a".repeat(99)}`, "#%00"]) {
    assert.equal(readAddress(run, hash, start).section, "");
  }
  assert.equal(readAddress(run, "#size?x", start).section, "size");
});

test("an address does not change the state at the start", () => {
  const before = structuredClone(start);
  readAddress(run, "#explore?hidden_size=128&only.hidden_size=32&view=table", start);
  assert.deepEqual(start, before);
});
