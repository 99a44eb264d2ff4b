/**
 * Colours and shapes of a chart's points, from the tokens of page.css.
 *
 * @typedef {import("./groups.js").Group} Group
 * @typedef {Record<string, string>} Palette Colours by the names that page.css gives them.
 */

const COLOURS = "ink dim line card sunk gru lstm rnn relu own even gru-wash lstm-wash k3";
/** @type {Record<string, number>} */
const SHAPES = { gru: 0, lstm: 1, rnn: 2, relu: 3, own: 4, even: 0 };

/** @returns {Palette} The colours of page.css in the theme that is shown. */
export const readPalette = () => {
  const probe = document.createElement("i");
  probe.hidden = true;
  document.body.append(probe);
  /** @type {Palette} */
  const palette = {};
  for (const name of COLOURS.split(" ")) {
    probe.style.color = `var(--${name})`;
    palette[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return palette;
};

/**
 * @param {Group[]} groups
 * @param {Palette} palette
 * @returns {string[]}
 */
export const paintsOf = (groups, palette) =>
  groups.map(({ tone, ramp }) => {
    if (tone) return palette[tone];
    const deep = mix(palette.k3, palette.ink, 0.25);
    return mix(palette.sunk, deep, 0.35 + 0.65 * ramp);
  });

/** @param {Group[]} groups */
export const shapesOf = (groups) =>
  groups.map(({ tone }, n) => (tone ? SHAPES[tone] : n % 5));

/**
 * @param {string} from Colours as a browser computes them: rgb(1, 2, 3).
 * @param {string} to
 * @param {number} share
 */
const mix = (from, to, share) => {
  const [a, b] = [from, to].map((text) => (text.match(/[\d.]+/g) ?? []).map(Number));
  return `rgb(${[0, 1, 2].map((n) => Math.round(a[n] + (b[n] - a[n]) * share)).join(" ")})`;
};
