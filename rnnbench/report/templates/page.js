"use strict";
// The page is whole without this: it adds sorting, filtering and saving to its sheets.
(() => {
  const FORMULA = /^[=+\-@\t\r\n]/;

  const make = (name, text, properties = {}) =>
    Object.assign(document.createElement(name), { textContent: text }, properties);

  // Columns that are the same in every record are written once.
  const recordsOf = (data) => {
    const varying = data.columns.filter((name) => !Object.hasOwn(data.same, name));
    return data.records.map((values) => {
      const own = new Map(varying.map((name, place) => [name, values[place]]));
      return data.columns.map((name) => (own.has(name) ? own.get(name) : data.same[name]));
    });
  };

  // RFC 4180; a text that a spreadsheet would compute is marked as text.
  const field = (value) => {
    if (value === null) return "";
    if (typeof value !== "string") return String(value);
    const text = FORMULA.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  const asCsv = (data) =>
    [data.columns, ...recordsOf(data)]
      .map((row) => `${row.map(field).join(",")}\r\n`).join("");

  // fromEntries defines its keys, so that no name of a column reaches a prototype.
  const asJson = (data) =>
    JSON.stringify({ cases: recordsOf(data).map((row) =>
      Object.fromEntries(row.map((value, place) => [data.columns[place], value]))) }, null, 1);

  const save = (name, type, text) => {
    const address = URL.createObjectURL(new Blob([text], { type }));
    const link = make("a", "", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  };

  const before = (a, b) => {
    if (typeof a === "string" && typeof b === "string") return a < b ? -1 : Number(a > b);
    return a - b;
  };

  const enhance = (sheet) => {
    const data = JSON.parse(sheet.querySelector("script").textContent);
    const records = recordsOf(data);
    const body = sheet.querySelector("tbody");
    const statusAt = data.columns.indexOf("status");
    const rows = [...body.rows].map((row, place) => ({
      row, record: records[data.shown ? data.shown[place] : place],
      words: row.textContent.toLowerCase(),
    }));

    const filter = make("input", "", { type: "search", autocomplete: "off" });
    const status = make("select", "");
    status.append(make("option", "any", { value: "" }));
    for (const each of new Set(rows.map(({ record }) => record[statusAt])))
      status.append(make("option", each.replaceAll("_", " "), { value: each }));
    const count = make("output", "");
    count.setAttribute("aria-live", "polite");
    const show = () => {
      const words = filter.value.toLowerCase().split(/\s+/);
      let seen = 0;
      for (const each of rows) {
        const fits = words.every((word) => each.words.includes(word)) &&
          (!status.value || each.record[statusAt] === status.value);
        each.row.hidden = !fits;
        seen += Number(fits);
      }
      count.textContent = `${seen} of ${rows.length} cases`;
    };
    filter.addEventListener("input", show);
    status.addEventListener("change", show);

    const heads = [...sheet.querySelectorAll("thead th")];
    const sortBy = (head, place) => {
      const down = head.getAttribute("aria-sort") === "ascending";
      const key = data.columns.indexOf(data.keys[place]);
      const value = ({ row, record }) =>
        key < 0 ? row.cells[place].textContent : record[key];
      const nothing = (each) => each === null || each === "";
      const keyed = rows.map((each) => [value(each), each]);
      // What was not measured comes last, either way.
      keyed.sort(([a], [b]) => nothing(a) || nothing(b)
        ? nothing(a) - nothing(b) : down ? before(b, a) : before(a, b));
      for (const each of heads) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      body.append(...keyed.map(([, each]) => each.row));
    };
    heads.forEach((head, place) => {
      const button = make("button", head.textContent, { type: "button" });
      button.addEventListener("click", () => sortBy(head, place));
      head.replaceChildren(button);
    });

    const labelled = (text, control) => {
      const label = make("label", `${text} `);
      label.append(control);
      return label;
    };
    const saver = (form, type, write) => {
      const button = make("button", `Save all as ${form.toUpperCase()}`, { type: "button" });
      button.addEventListener("click", () => save(`${data.name}.${form}`, type, write(data)));
      return button;
    };
    const tools = make("div", "", { className: "tools" });
    tools.append(labelled("Filter", filter), labelled("Status", status), count,
      saver("csv", "text/csv;charset=utf-8", asCsv),
      saver("json", "application/json", asJson));
    sheet.prepend(tools);
    show();
  };

  document.querySelectorAll(".sheet").forEach(enhance);
})();
