/**
 * Controls that are made once and then follow the state, so that the focus stays.
 *
 * @typedef {[value: string, text: string][]} Items
 */
import { h } from "./dom.js";

/** A phone's screen, as in page.css. */
export const NARROW = "(max-width: 40rem)";

/**
 * @param {string} label
 * @param {(value: string) => void} onPick
 */
export const makeSelect = (label, onPick) => {
  const select = h("select", { onchange: () => onPick(select.value) });
  const el = h("label", { class: "pick" }, label, select);
  let known = "";
  return {
    el,
    /**
     * @param {Items} items
     * @param {string} value
     */
    update: (items, value) => {
      const key = JSON.stringify(items);
      if (key !== known) {
        select.replaceChildren(
          ...items.map(([id, text]) => h("option", { value: id }, text)),
        );
        known = key;
      }
      select.value = value;
    },
  };
};

/**
 * @param {{name: string, label: string, items: Items, onPick: (value: string) => void}} options
 */
export const makeRadios = ({ name, label, items, onPick }) => {
  const choices = items.map(([value, text]) => {
    const input = h("input", { type: "radio", name, value, onchange: () => onPick(value) });
    return { value, input, el: h("label", null, input, h("span", null, text)) };
  });
  return {
    el: h(
      "div",
      { class: "seg", role: "radiogroup", "aria-label": label },
      choices.map((choice) => choice.el),
    ),
    /**
     * @param {string} value
     * @param {string[]} [available]
     */
    update: (value, available) => {
      for (const choice of choices) {
        choice.input.checked = choice.value === value;
        choice.el.hidden = available !== undefined && !available.includes(choice.value);
      }
    },
  };
};

/**
 * @param {string} text
 * @param {() => void} onClick
 */
export const makeButton = (text, onClick) =>
  h("button", { type: "button", onclick: onClick }, text);

/**
 * A value that says whether something changed since it was last asked.
 *
 * @returns {(...parts: unknown[]) => boolean}
 */
export const makeChangeCheck = () => {
  let last = "";
  return (...parts) => {
    const next = JSON.stringify(parts);
    const changed = next !== last;
    last = next;
    return changed;
  };
};
