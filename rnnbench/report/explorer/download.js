/**
 * Files that the page makes.
 *
 * @typedef {import("./run.js").Run} Run
 * @typedef {import("./columns.js").Column} Column
 */
import { caseColumns } from "./columns.js";
import { toRecords, writeCsv } from "./csv.js";
import { h } from "./dom.js";

const TYPES = { csv: "text/csv;charset=utf-8", json: "application/json" };
const KEPT = 10_000;

/**
 * @param {string} name
 * @param {string} text
 * @param {keyof typeof TYPES} form
 */
export const saveText = (name, text, form) => {
  const address = URL.createObjectURL(new Blob([text], { type: TYPES[form] }));
  const link = h("a", { href: address, download: `${name}.${form}` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), KEPT);
};

/**
 * @param {string} name
 * @param {Column[]} columns
 * @param {number[]} points
 * @param {keyof typeof TYPES} form
 */
export const saveTable = (name, columns, points, form) => {
  const fields = columns.flatMap((column) => column.fields);
  const names = fields.map(([field]) => field);
  const rows = points.map((point) => fields.map(([, value]) => value(point)));
  const text =
    form === "csv"
      ? writeCsv(names, rows)
      : JSON.stringify(toRecords(names, rows), null, 1);
  saveText(name, text, form);
};

/**
 * @param {Run} run
 * @param {keyof typeof TYPES} form
 */
export const saveAllCases = (run, form) => {
  const points = run.cases.layer.map((_, i) => i);
  const sizes = Object.keys(run.fixed).map((id) => fixedColumn(id, run.fixed[id]));
  saveTable(
    `${run.run.sweep}-cases`,
    [...caseColumns(run, points), ...sizes],
    points,
    form,
  );
};

/**
 * @param {string} id
 * @param {string | number | boolean} value
 * @returns {Column}
 */
const fixedColumn = (id, value) => ({
  ...{ id, name: id, isNumber: true, tone: null, sort: () => 0, text: () => String(value) },
  fields: [[id, () => value]],
});
