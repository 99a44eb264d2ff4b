/**
 * Arrow keys walk through the cells of a map; Enter and space pick one.
 *
 * @typedef {import("./app.js").App} App
 * @typedef {import("./grid.js").Cell} Cell
 */
import { placeOfRatio } from "./words.js";

/** @type {Record<string, [down: number, right: number]>} */
const STEPS = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

/**
 * @param {App} app
 * @param {KeyboardEvent} event
 * @param {Map<HTMLElement, Cell>} cellOf
 * @param {(element: HTMLElement) => void} pick
 */
export const walkCells = (app, event, cellOf, pick) => {
  const from = event.target instanceof Element ? event.target.closest("td") : null;
  if (!from) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    pick(from);
    return;
  }
  if (!Object.hasOwn(STEPS, event.key)) return;
  event.preventDefault();
  const next = neighbour(from, STEPS[event.key], cellOf);
  if (!next) return;
  from.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
  const cell = cellOf.get(next);
  const place =
    cell?.ratios.length === 1 ? `, ${placeOfRatio(app.run, cell.ratios[0])}` : "";
  app.announce(`${next.getAttribute("aria-label")}${place}`);
};

/**
 * The next cell in a direction that was measured; voids are stepped over.
 *
 * @param {HTMLTableCellElement} from
 * @param {[number, number]} step
 * @param {Map<HTMLElement, Cell>} cellOf
 */
const neighbour = (from, [down, right], cellOf) => {
  const body = from.closest("tbody");
  if (!body) return null;
  const rows = [...body.rows].map((row) => [...row.querySelectorAll("td")]);
  let r = rows.findIndex((row) => row.includes(from));
  let c = rows[r].indexOf(from);
  for (;;) {
    r += down;
    c += right;
    const next = rows[r]?.[c];
    if (!next) return null;
    if (cellOf.has(next)) return next;
  }
};
