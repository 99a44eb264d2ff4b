// A small data island, complete but for what a test changes.
export const makeIsland = ({
  layers = ["lstm", "gru"],
  hidden = [32, 64, 128],
  steps = [8, 16],
  skip = () => false,
  ratio = ({ hidden: h, onednn }) => (onednn ? 2 : 0.8) * (h / 64) ** 0.1,
} = {}) => {
  const tones = { lstm: "lstm", gru: "gru", rnn_tanh: "rnn" };
  const axes = [
    axis("hidden_size", "hidden", hidden, { size: true }),
    axis("seq_len", "steps", steps, { size: true }),
    axis("onednn", "backend", [true, false], {
      backend: true,
      words: ["oneDNN on", "oneDNN off"],
      default: 0,
    }),
    axis("phase", "phase", ["inference", "train"], {
      words: ["inference", "training"],
      default: 0,
    }),
  ];
  const cases = {
    layer: [],
    axis: axes.map(() => []),
    t: [],
    h: [],
    n: [],
    m: [],
    s: [],
    p: [],
    q: [],
  };
  const ratios = { k: [], a: [], b: [], r: [], h: [], n: [], v: [], l: [] };
  const push = (layer, place, time) => {
    cases.layer.push(layer);
    axes.forEach((_, k) => cases.axis[k].push(place[k]));
    cases.t.push(time);
    cases.h.push(500);
    cases.n.push(6);
    cases.m.push(1024 * (layer + 1));
    cases.s.push(0);
    cases.p.push(0);
    cases.q.push(-1);
    return cases.t.length - 1;
  };
  const compare = (k, a, b) => {
    const r = cases.t[a] / cases.t[b];
    ratios.k.push(k);
    ratios.a.push(a);
    ratios.b.push(b);
    ratios.r.push(r);
    ratios.h.push(500);
    ratios.n.push(6);
    ratios.v.push(Math.abs(Math.log(r)) < 0.01 ? 2 : r < 1 ? 0 : 1);
    ratios.l.push([-10, 0, 10]);
  };
  hidden.forEach((h, x) =>
    steps.forEach((s, y) =>
      [0, 1].forEach((phase) => {
        const base = h * s * 10 * (phase + 1);
        if (skip({ hidden: h, steps: s, phase })) return;
        const on = push(0, [x, y, 0, phase], base);
        const off = push(0, [x, y, 1, phase], base * 2);
        layers.slice(1).forEach((_, n) => {
          // A backend means nothing for any other layer.
          const time = base * ratio({ hidden: h, steps: s, phase, onednn: true });
          const other = push(n + 1, [x, y, -1, phase], time);
          compare(n, other, on);
          compare(n, other, off);
        });
        compare(layers.length - 1, off, on);
      }),
    ),
  );
  const names = { lstm: "LSTM", gru: "GRU", rnn_tanh: "RNN tanh" };
  const pairs = layers.slice(1).map((id, n) => ({
    ...{ id, name: `${names[id]} ÷ LSTM`, axis: "layer", a: n + 1, b: 0 },
    ...{ candidate: names[id], baseline: "LSTM" },
  }));
  pairs.push({
    ...{ id: "lstm-onednn-false", name: "LSTM: oneDNN off ÷ oneDNN on", axis: "onednn" },
    ...{ a: 0, b: 0, candidate: "oneDNN off", baseline: "oneDNN on" },
  });
  return {
    schema: 1,
    run: { sweep: "test" },
    layers: layers.map((id) => ({ id, name: names[id], tone: tones[id] })),
    axes,
    fixed: { input_size: 64, num_layers: 1, batch_size: 16 },
    status: ["ok", "imprecise", "error"],
    prov: ["native (predicted only)"],
    kinds: ["matrix products", "pointwise", "fused recurrent kernel"],
    parts: ["parameters", "output"],
    cases,
    pairs,
    ratios,
    profiles: [],
    why: [],
    map: { rows: ["hidden_size"], cols: ["seq_len"], facets: ["onednn", "phase"] },
    pooled: { k: [], axis: axes.map(() => []), n: [], r: [], h: [], v: [] },
    sparse: false,
    uses: [],
    reasons: [],
  };
};

const axis = (id, name, values, rest) => ({
  ...{ id, name, title: name, values, words: values.map(String) },
  ...{ size: false, backend: false, default: -1, ...rest },
});

/** Numbers that look random and are the same in each run. */
export const makeRandom = (seed) => () => {
  seed = (seed * 1664525 + 1013904223) % 2 ** 32;
  return seed / 2 ** 32;
};
