/**
 * Elements, made without markup: no text of a run is ever parsed.
 *
 * @typedef {{readonly [n: number]: Kid, readonly length: number}} Kids
 * @typedef {string | number | Node | null | undefined | false | Kids} Kid
 * @typedef {Record<string, string | number | boolean | null | undefined | Function>} Attributes
 *   A function is called at the event of its name: `onclick`.
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element that the page has.
 *
 * @param {string} id
 */
export const byId = (id) => document.getElementById(id);

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes | null} attributes
 * @param {...Kid} kids
 * @returns {HTMLElementTagNameMap[T]}
 */
export const h = (tag, attributes, ...kids) =>
  fill(document.createElement(tag), attributes, kids);

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes | null} attributes
 * @param {...Kid} kids
 * @returns {SVGElementTagNameMap[T]}
 */
export const s = (tag, attributes, ...kids) =>
  fill(document.createElementNS(SVG, tag), attributes, kids);

/**
 * @template {Element} T
 * @param {T} element
 * @param {Attributes | null} attributes
 * @param {Kid[]} kids
 */
const fill = (element, attributes, kids) => {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...flat(kids));
  return element;
};

/**
 * @param {Kid[]} kids
 * @returns {(string | Node)[]}
 */
const flat = (kids) =>
  kids.flatMap((kid) => {
    if (Array.isArray(kid)) return flat(kid);
    if (kid === null || kid === undefined || kid === false) return [];
    return [kid instanceof Node ? kid : String(kid)];
  });

/**
 * @param {Element} element
 * @param {...Kid} kids
 */
export const replaceKids = (element, ...kids) => element.replaceChildren(...flat(kids));

/**
 * A table of rows of cells.
 *
 * @param {Attributes} attributes
 * @param {{caption?: string, head?: Kid[], rows: Kid[][]}} content
 */
export const makeTable = (attributes, { caption, head, rows }) =>
  h(
    "table",
    attributes,
    caption && h("caption", null, caption),
    head && h("thead", null, h("tr", null, head)),
    h(
      "tbody",
      null,
      rows.map((cells) => h("tr", null, cells)),
    ),
  );

/**
 * @param {string} text
 * @param {boolean} isNumber
 */
export const columnHead = (text, isNumber = false) =>
  h("th", { scope: "col", class: isNumber && "n" }, text);

/** @returns {(text: string) => void} A function that has a screen reader say something. */
export const makeAnnouncer = () => {
  const region = h("p", { class: "hide", role: "status" });
  document.body.append(region);
  return (text) => {
    region.textContent = text;
  };
};
