"use strict";
// Selects and counts: every verdict and interval comes from the data island.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const runs = new Map(data.runs.map((run) => [run.id, run]));
  const [a, b] = ["run-a", "run-b"].map((id) => document.getElementById(id));
  const result = document.getElementById("result");
  const MOST_ROWS = 200;

  /** An element with a class, text or children. */
  function make(name, className, ...children) {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.append(...children);
    return element;
  }

  /** `value` with three significant digits and no exponent. */
  function digits(value) {
    if (!(value > 0) || !Number.isFinite(value)) return String(value);
    const exponent = Number(value.toExponential(2).split("e")[1]);
    return `${value.toFixed(Math.max(2 - exponent, 0))}×`;
  }

  const mean = (values) => Math.exp(values.reduce((sum, one) => sum + Math.log(one), 0) / values.length);

  /** Values by the name of their group, in the order in which groups come. */
  function gather(items, key) {
    const groups = new Map();
    for (const item of items) {
      const name = key(item);
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(item);
    }
    return groups;
  }

  /** A table with a caption; cells are strings or elements, the first is a heading. */
  function table(caption, titles, rows) {
    const head = make("tr", "", ...titles.map((title, at) => {
      const cell = make("th", at ? "n" : "", title);
      cell.scope = "col";
      return cell;
    }));
    const body = rows.map((row) => make("tr", "", ...row.map((cell, at) => {
      const element = make(at ? "td" : "th", at ? "n" : "", cell);
      if (!at) element.scope = "row";
      return element;
    })));
    const whole = make("table", "plain", make("caption", "", caption), make("thead", "", head), make("tbody", "", ...body));
    const scroll = make("div", "scroll", whole);
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", caption);
    return scroll;
  }

  /** The words for the side that a ratio is decided for, in the colour of its layer. */
  function side(run, which) {
    if (which < 0) return make("span", "t-even", "neither");
    const [name, hue] = data.layers[run.layers[which]];
    return make("span", `t-${hue}`, `${name} faster`);
  }

  /** Ratios that both runs have, beside each other. */
  function sharedRatios(one, other) {
    const theirs = new Map(other.ratios.map((ratio) => [`${ratio[0]} ${ratio[1]}`, ratio]));
    return one.ratios
      .map((mine) => [mine, theirs.get(`${mine[0]} ${mine[1]}`)])
      .filter(([, ratio]) => ratio);
  }

  /** Times that both runs have: place of the case, time in A, time in B. */
  function sharedTimes(one, other) {
    const theirs = new Map(other.times.map((time) => [time[0], time]));
    return one.times
      .map(([place, seconds]) => [place, seconds, theirs.get(place)?.[1]])
      .filter(([, , time]) => time);
  }

  /** Where a ratio was measured: the setting of its baseline, which has a backend. */
  const where = (ratio) => data.wheres[data.cases[ratio[1]][0]];
  const size = (ratio) => data.sizes[data.cases[ratio[1]][1]];

  /** A mark for each run around a line at 1, on the scale of all rows. */
  function strip(run, marks, [low, high]) {
    const at = (value) => `${(100 * Math.log(value / low)) / Math.log(high / low)}%`;
    const svg = draw("svg", { class: "strip pairs-strip", "aria-hidden": "true" });
    const [gru, lstm] = run.layers.map((layer) => data.layers[layer][1]);
    svg.append(
      draw("rect", { class: `z-${gru}`, width: at(1), height: "100%" }),
      draw("rect", { class: `z-${lstm}`, x: at(1), width: `${100 - parseFloat(at(1))}%`, height: "100%" }),
      draw("line", { class: "one", x1: at(1), x2: at(1), y1: "0", y2: "100%" }),
    );
    for (const [name, value, y] of [["A", marks[0], "34%"], ["B", marks[1], "72%"]]) {
      svg.append(draw("circle", { class: `f-${value < 1 ? gru : lstm}`, cx: at(value), cy: y, r: "5" }));
      const label = draw("text", { x: at(value), y, dx: "9", dy: "4" });
      label.textContent = name;
      svg.append(label);
    }
    return svg;
  }

  function draw(name, attributes) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  function ratioTables(one, other) {
    const shared = sharedRatios(one, other);
    if (!shared.length) return [];
    const name = one.layers.map((layer) => data.layers[layer][0]).join(" ÷ ");
    const same = shared.filter(([mine, theirs]) => mine[5] === theirs[5]).length;
    const says = make("p", "big", same === shared.length
      ? `Both runs agree on the faster layer at all ${shared.length} ratios that they share.`
      : `The runs agree on the faster layer at ${same} of ${shared.length} ratios that they share.`);
    const groups = [...gather(shared, ([mine]) => where(mine))].map(([words, pairs]) => [
      words, pairs, [0, 1].map((which) => mean(pairs.map((pair) => pair[which][2]))),
    ]);
    const every = [0.8, 1.25, ...groups.flatMap(([, , means]) => means)];
    const scale = [Math.min(...every) / 1.15, Math.max(...every) * 1.15];
    const means = table(
      `${name}: geometric mean over the sizes that both measured`,
      ["setting", "A", "B", "on one scale", "same side at"],
      groups.map(([words, pairs, [mine, theirs]]) => [
        words,
        digits(mine),
        digits(theirs),
        strip(one, [mine, theirs], scale),
        `${pairs.filter(([mine, theirs]) => mine[5] === theirs[5]).length} of ${pairs.length}`,
      ]),
    );
    const apart = ([mine, theirs]) => Math.abs(Math.log(mine[2] / theirs[2]));
    const ordered = [...shared].sort((first, second) => apart(second) - apart(first));
    const cell = (run, ratio) => make("span", "", make("b", "", digits(ratio[2])), ` ${digits(ratio[3])} to ${ratio[4] === null ? "no end" : digits(ratio[4])} `, side(run, ratio[5]));
    const rows = ordered.slice(0, MOST_ROWS).map(([mine, theirs]) => [
      `${where(mine)}, ${size(mine)}`, cell(one, mine), cell(other, theirs), digits(theirs[2] / mine[2]),
    ]);
    const fold = make("details", "", make("summary", "", "Every shared size, the largest difference first"),
      table(`${name} at each size, with its 95 % interval`, ["size", "A", "B", "B ÷ A"], rows));
    return [says, means, fold];
  }

  function timeTable(one, other) {
    const shared = sharedTimes(one, other);
    if (!shared.length) return [];
    const groups = [...gather(shared, ([place]) => data.cases[place][2])];
    return [table(
      "Time of a call in B as a multiple of A's: geometric mean, smallest and largest",
      ["layer", "B ÷ A", "from", "to", "cases"],
      groups.map(([layer, times]) => {
        const shares = times.map(([, mine, theirs]) => theirs / mine);
        const [name, hue] = data.layers[layer];
        return [make("span", `t-${hue}`, name), digits(mean(shares)), digits(Math.min(...shares)), digits(Math.max(...shares)), String(shares.length)];
      }),
    )];
  }

  function show() {
    const one = runs.get(a.value);
    const other = runs.get(b.value);
    if (!one || !other) return;
    document.getElementById("page-a").href = `../runs/${one.id}/index.html`;
    document.getElementById("page-b").href = `../runs/${other.id}/index.html`;
    const found = one === other ? [] : [...ratioTables(one, other), ...timeTable(one, other)];
    const none = one === other ? "A and B are the same run." : "These runs share no case: they measured other sizes or settings.";
    result.replaceChildren(...(found.length ? found : [make("p", "big", none)]));
  }

  function readHash() {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const [name, select] of [["a", a], ["b", b]]) {
      if (runs.has(asked.get(name))) select.value = asked.get(name);
    }
    show();
  }

  function choose() {
    history.replaceState(null, "", `#a=${a.value}&b=${b.value}`);
    show();
  }

  a.addEventListener("change", choose);
  b.addEventListener("change", choose);
  document.getElementById("swap").addEventListener("click", () => {
    [a.value, b.value] = [b.value, a.value];
    choose();
  });
  window.addEventListener("hashchange", readHash);
  readHash();
})();
