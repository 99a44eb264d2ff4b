/** The theme: the system's, light or dark; the choice is kept where that is allowed. */
import { byId } from "./dom.js";

const THEMES = ["auto", "light", "dark"];
const KEY = "rnnbench-theme";

/** @param {() => void} onChange */
export const startTheme = (onChange) => {
  const button = byId("theme");
  let now = kept();
  const apply = () => {
    const root = document.documentElement;
    if (now === "auto") delete root.dataset.theme;
    else root.dataset.theme = now;
    if (button) button.textContent = `Theme: ${now}`;
  };
  apply();
  button?.addEventListener("click", () => {
    now = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
    keep(now);
    apply();
    onChange();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
  return {
    /** Paper is white. @param {boolean} isPaper */
    print: (isPaper) => {
      if (isPaper) document.documentElement.dataset.theme = "light";
      else apply();
    },
  };
};

const kept = () => {
  try {
    const theme = localStorage.getItem(KEY) ?? "";
    return THEMES.includes(theme) ? theme : "auto";
  } catch {
    return "auto";
  }
};

/** @param {string} theme */
const keep = (theme) => {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // A private window keeps nothing.
  }
};
