/**
 * A laid-out chart on a canvas.
 *
 * @typedef {import("./plot.js").Plot} Plot
 * @typedef {import("./plot.js").Panel} Panel
 * @typedef {import("./plot.js").Line} Line
 * @typedef {import("./palette.js").Palette} Palette
 *
 * @typedef {object} Look
 * @property {Palette} palette
 * @property {string[]} paints A colour for each group.
 * @property {number[]} shapes
 * @property {(point: number) => number} groupOf
 * @property {(point: number) => [low: number, high: number] | null} ends Of an interval.
 * @property {(point: number) => boolean} isHollow
 * @property {(point: number) => boolean} isChosen
 * @property {boolean} isNeutral Whether lines have no group's colour.
 * @property {{tones: [string, string], words: [string, string]} | null} zones Below and above 1.
 */
import { yOf } from "./plot.js";

const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
// Beyond so many points each is drawn smaller, and without its interval.
const MANY = 400;
const DENSE = 1500;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Plot} plot
 * @param {Look} look
 */
export const paintPlot = (canvas, plot, look) => {
  const scale = Math.min(devicePixelRatio || 1, 2);
  canvas.width = plot.width * scale;
  canvas.height = plot.height * scale;
  canvas.style.height = `${plot.height}px`;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.scale(scale, scale);
  pen.font = FONT;
  pen.lineJoin = "round";
  const dense = plot.marks.count > DENSE;
  const radius = dense ? 2.2 : plot.marks.count > MANY ? 3 : 4;
  plot.panels.forEach((panel, n) => {
    paintFrame(pen, plot, panel, look);
    paintSeries(pen, panel, look, dense ? 0.06 : 0.22);
    if (!dense) paintIntervals(pen, plot, panel, look);
    paintMarks(pen, plot, panel, look, { radius, alpha: dense ? 0.35 : 0.75 });
    paintMeans(pen, panel, look);
    paintChosen(pen, plot, panel, look, radius + 5);
    if (n === 0) paintZoneWords(pen, panel, look);
  });
};

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Plot} plot
 * @param {Panel} panel
 * @param {Look} look
 */
const paintFrame = (pen, plot, panel, { palette, zones }) => {
  const { x, y, width, height } = panel;
  const bottom = y + height;
  pen.fillStyle = palette.card;
  pen.fillRect(x, y, width, height);
  if (zones) {
    const one = Math.min(Math.max(yOf(panel, 1), y), bottom);
    const [below, above] = zones.tones.map(
      (tone) => palette[`${tone}-wash`] ?? palette.sunk,
    );
    pen.fillStyle = above;
    pen.fillRect(x, y, width, one - y);
    pen.fillStyle = below;
    pen.fillRect(x, one, width, bottom - one);
  }
  pen.lineWidth = 1;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const { at, text, value } of panel.yTicks) {
    const level = Math.round(bottom - at * height) + 0.5;
    const isOne = zones && value === 1;
    strokeLine(
      pen,
      [
        [x, level],
        [x + width, level],
      ],
      isOne ? palette.ink : palette.line,
    );
    pen.fillStyle = palette.dim;
    if (panel.hasLabels) pen.fillText(text, x - 8, level);
  }
  pen.textAlign = "center";
  pen.textBaseline = "top";
  pen.fillStyle = palette.dim;
  let taken = -Infinity;
  for (const { at, text } of plot.xTicks) {
    const middle = x + at * width;
    const half = pen.measureText(text).width / 2 + 4;
    if (middle - half < taken) continue;
    taken = middle + half;
    pen.fillText(text, middle, bottom + 7);
  }
  pen.fillText(plot.xTitle, x + width / 2, bottom + 24);
  pen.textAlign = "left";
  pen.textBaseline = "alphabetic";
  pen.fillStyle = palette.ink;
  pen.font = `600 ${FONT}`;
  pen.fillText(panel.title, x, y - 9, width);
  pen.font = FONT;
};

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {[x: number, y: number][]} points
 * @param {string} colour
 */
const strokeLine = (pen, points, colour) => {
  pen.strokeStyle = colour;
  pen.beginPath();
  points.forEach(([x, y], n) => (n ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.stroke();
};

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Panel} panel
 * @param {Look} look
 * @param {number} alpha
 */
const paintSeries = (pen, panel, { palette, paints, isNeutral }, alpha) => {
  pen.lineWidth = 1;
  pen.globalAlpha = alpha;
  for (const { group, at } of panel.series) {
    strokeLine(pen, at, isNeutral ? palette.dim : paints[group]);
  }
  pen.globalAlpha = 1;
};

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Plot} plot
 * @param {Panel} panel
 * @param {Look} look
 */
const paintIntervals = (pen, { marks }, panel, { paints, groupOf, ends }) => {
  const { from, to } = panel.scale;
  pen.lineWidth = 1;
  pen.globalAlpha = 0.5;
  for (let m = panel.from; m < panel.to; m++) {
    const interval = ends(marks.point[m]);
    if (!interval) continue;
    const [low, high] = [Math.max(interval[0], from), Math.min(interval[1], to)];
    const x = marks.x[m];
    strokeLine(
      pen,
      [
        [x, yOf(panel, low)],
        [x, yOf(panel, high)],
      ],
      paints[groupOf(marks.point[m])],
    );
  }
  pen.globalAlpha = 1;
};

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Plot} plot
 * @param {Panel} panel
 * @param {Look} look
 * @param {{radius: number, alpha: number}} size
 */
const paintMarks = (pen, { marks }, panel, { paints, shapes, groupOf, isHollow }, size) => {
  pen.globalAlpha = size.alpha;
  pen.lineWidth = 1.4;
  for (let m = panel.from; m < panel.to; m++) {
    const point = marks.point[m];
    const group = groupOf(point);
    traceShape(pen, shapes[group], marks.x[m], marks.y[m], size.radius);
    pen.fillStyle = pen.strokeStyle = paints[group];
    if (isHollow(point)) pen.stroke();
    else pen.fill();
  }
  pen.globalAlpha = 1;
};

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {number} shape
 * @param {number} x
 * @param {number} y
 * @param {number} r
 */
const traceShape = (pen, shape, x, y, r) => {
  pen.beginPath();
  if (shape === 0) pen.arc(x, y, r, 0, 7);
  else if (shape === 2) pen.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
  else if (shape === 1) {
    const d = r * 1.3;
    pen.moveTo(x, y - d);
    for (const [dx, dy] of [
      [d, 0],
      [0, d],
      [-d, 0],
    ])
      pen.lineTo(x + dx, y + dy);
    pen.closePath();
  } else {
    const up = shape === 3 ? 1 : -1;
    pen.moveTo(x, y - up * r * 1.2);
    pen.lineTo(x + r * 1.15, y + up * r);
    pen.lineTo(x - r * 1.15, y + up * r);
    pen.closePath();
  }
};

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Panel} panel
 * @param {Look} look
 */
const paintMeans = (pen, panel, { palette, paints, isNeutral }) => {
  for (const { group, at } of panel.means) {
    // An edge in the colour of the paper, so that it stands out of the points.
    pen.lineWidth = 5;
    strokeLine(pen, at, palette.card);
    pen.lineWidth = 2.5;
    strokeLine(pen, at, isNeutral ? palette.ink : paints[group]);
  }
};

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Plot} plot
 * @param {Panel} panel
 * @param {Look} look
 * @param {number} radius
 */
const paintChosen = (pen, { marks }, panel, { palette, isChosen }, radius) => {
  pen.strokeStyle = palette.ink;
  pen.lineWidth = 2;
  for (let m = panel.from; m < panel.to; m++) {
    if (!isChosen(marks.point[m])) continue;
    pen.beginPath();
    pen.arc(marks.x[m], marks.y[m], radius, 0, 7);
    pen.stroke();
  }
};

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Panel} panel
 * @param {Look} look
 */
const paintZoneWords = (pen, panel, { palette, zones }) => {
  if (!zones) return;
  const one = yOf(panel, 1);
  const bottom = panel.y + panel.height;
  const [below, above] = zones.words;
  const [belowTone, aboveTone] = zones.tones;
  pen.font = `600 ${FONT}`;
  pen.textAlign = "left";
  pen.lineWidth = 4;
  pen.strokeStyle = palette.card;
  const write = (
    /** @type {string} */ text,
    /** @type {string} */ tone,
    /** @type {number} */ y,
  ) => {
    pen.strokeText(text, panel.x + 6, y);
    pen.fillStyle = tone === "even" ? palette.dim : palette[tone];
    pen.fillText(text, panel.x + 6, y);
  };
  if (one - panel.y > 30) write(above, aboveTone, panel.y + 16);
  if (bottom - one > 22) write(below, belowTone, bottom - 7);
  pen.font = FONT;
};
