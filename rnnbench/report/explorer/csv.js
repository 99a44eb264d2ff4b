/**
 * Files with what the page shows.
 *
 * @typedef {string | number | boolean | null} Field
 */

// A spreadsheet computes a text that begins like this; it skips what is not visible, and
// some read the signs in full width as well.
const FORMULA = /^(?:[\t\r\n]|[\s\p{C}]*[=+\-@\uff1d\uff0b\uff0d\uff20])/u;

/**
 * CSV as RFC 4180 has it.
 *
 * @param {string[]} names
 * @param {Field[][]} rows
 */
export const writeCsv = (names, rows) =>
  [names, ...rows].map((row) => `${row.map(csvField).join(",")}\r\n`).join("");

/** @param {Field} value */
const csvField = (value) => {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/**
 * `fromEntries` defines its keys, so that no name of a column reaches a prototype.
 *
 * @param {string[]} names
 * @param {Field[][]} rows
 */
export const toRecords = (names, rows) =>
  rows.map((row) => Object.fromEntries(row.map((value, n) => [names[n], value])));
