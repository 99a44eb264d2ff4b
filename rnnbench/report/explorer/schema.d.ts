/** The data of a page: what Python writes into its `data` element. */

export type Value = string | number | boolean;

export interface Layer {
  id: string;
  name: string;
  /** The name of its colour in page.css: gru, lstm, rnn, relu or own. */
  tone: string;
}

/** An axis that varies in this run: sizes first, then the backend, the phase, the rest. */
export interface Axis {
  id: string;
  name: string;
  title: string;
  values: Value[];
  words: string[];
  size: boolean;
  backend: boolean;
  /** The place of PyTorch's default among the values, or -1. */
  default: number;
}

/** Which ratios belong together: `a` over `b`, two layers or two values of one axis. */
export interface Pair {
  id: string;
  name: string;
  /** "layer", or the axis whose values are compared. */
  axis: string;
  a: number;
  b: number;
  /** Both sides in words. */
  candidate: string;
  baseline: string;
}

/** Columns, one entry a case. A half-width is on logarithms, in 1e-5; -1: no interval. */
export interface Cases {
  layer: number[];
  /** For each axis the index of a case's value; -1 where the axis means nothing. */
  axis: number[][];
  /** Nanoseconds a call. */
  t: (number | null)[];
  h: number[];
  /** Launches. */
  n: number[];
  /** Bytes at the peak. */
  m: (number | null)[];
  s: number[];
  p: number[];
  /** Share of the machine's limit in thousandths, or -1. */
  q: number[];
  /** Why there is no time: a place in `reasons`, or -1. */
  e?: number[];
  /** Nanojoules a call. */
  j?: (number | null)[];
}

export interface Ratios {
  k: number[];
  a: number[];
  b: number[];
  r: number[];
  h: number[];
  n: number[];
  /** 0 faster, 1 slower, 2 tie, 3 undecided. */
  v: number[];
  /** The ratio of each launch: logarithms around the mean, in 1e-4. */
  l?: number[][];
}

/** Geometric means of ratios, computed by Python; -1: averaged over all values. */
export interface Pooled {
  k: number[];
  axis: number[][];
  n: number[];
  r: number[];
  h: number[];
  v: number[];
}

export interface Profile {
  /** The case. */
  c: number;
  /** Nanoseconds of the profiled call. */
  s: number;
  /** Nanoseconds by kind of operator, bytes by part of the memory. */
  k: number[];
  m: number[];
  calls: number;
  /** Name, kind, calls, nanoseconds. */
  ops: [string, number, number, number][];
  /** Start after the last start, length and kind of each span, in 10 ns. */
  tl: number[];
  /** The spans of each thread or stream, where there are several. */
  lanes?: [string, number[]][];
  left: number;
  /** The file of its trace in the folder `run.traces`. */
  trace?: string;
}

/** Profiles that belong together, and a sentence on them: text, layer or "", strong. */
export interface Why {
  p: number[];
  say: [string, string, number][];
}

/** Ids of axes. */
export interface MapLayout {
  rows: string[];
  cols: string[];
  facets: string[];
}

export interface Island {
  schema: number;
  /** `traces`: the address of a folder of traces beside the page. */
  run: { sweep: string; traces?: string | null; [name: string]: unknown };
  layers: Layer[];
  axes: Axis[];
  /** Sizes that are the same in all cases. */
  fixed: { [axis: string]: Value };
  status: string[];
  prov: string[];
  kinds: string[];
  parts: string[];
  cases: Cases;
  pairs: Pair[];
  ratios: Ratios;
  profiles: Profile[];
  why: Why[];
  /** How the map is laid out at first. */
  map: MapLayout;
  pooled: Pooled;
  /** Whether few combinations of sizes were measured. */
  sparse: boolean;
  /** Names of uses, each with its cases. */
  uses: [string, number[]][];
  reasons?: string[];
}
