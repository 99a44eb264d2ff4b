/**
 * The start of the page's script. The page can be read without it.
 *
 * @typedef {import("./app.js").App} App
 */
import { pickRatio } from "./app.js";
import { byId, makeAnnouncer } from "./dom.js";
import { saveAllCases } from "./download.js";
import { startExplore } from "./explore.js";
import { makeLinks } from "./links.js";
import { metricsOf } from "./metrics.js";
import { Selector, startPlace } from "./pick.js";
import { startPicker } from "./picker.js";
import { decodeRun } from "./run.js";
import { createStore, defaultState } from "./state.js";
import { startTheme } from "./theme.js";
import { makeTip } from "./tip.js";
import { startWhy } from "./why.js";

const start = () => {
  const data = byId("data")?.textContent;
  const box = byId("tip");
  if (!data || !box) return;
  const run = decodeRun(JSON.parse(data));
  const selector = new Selector(run);
  const first = defaultState(run, startPlace(run, selector));
  const store = createStore(first, (draw) => void requestAnimationFrame(draw));
  const announce = makeAnnouncer();
  const links = makeLinks({ run, store, selector }, announce);
  /** @type {App} */
  const app = {
    ...{ run, store, selector, announce, links },
    metrics: metricsOf(run),
    tip: makeTip(run, box),
  };
  const theme = startTheme(store.draw);
  const [form, card, why, holder] = ["picker", "verdict", "why-body", "explorer"].map(byId);
  if (form && card && selector.ratiosOf[0]?.length) startPicker(app, form, card);
  else leaveOut("size");
  if (why && run.profiles.length) startWhy(app, why);
  else leaveOut("why");
  const explore = holder && run.cases.layer.length ? startExplore(app, holder) : null;

  byId("share")?.addEventListener("click", () => links.share());
  byId("save-csv")?.addEventListener("click", () => saveAllCases(run, "csv"));
  byId("save-json")?.addEventListener("click", () => saveAllCases(run, "json"));
  byId("answer")?.addEventListener("click", ({ target }) => {
    const dot = target instanceof Element && target.closest("[data-r]");
    if (dot instanceof SVGElement) pickRatio(app, Number(dot.dataset.r));
  });
  startPrinting((isPaper) => {
    theme.print(isPaper);
    explore?.print(isPaper);
  });
  const isLinked = links.start();
  store.drawNow();
  if (isLinked) explore?.show();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
};

/** @param {string} section A section with nothing in it, and the link to it. */
const leaveOut = (section) => {
  byId(section)?.remove();
  document.querySelector(`nav [href="#${section}"]`)?.remove();
};

/**
 * On paper everything is unfolded.
 *
 * @param {(isPaper: boolean) => void} onPaper
 */
const startPrinting = (onPaper) => {
  /** @type {HTMLDetailsElement[]} */
  let unfolded = [];
  addEventListener("beforeprint", () => {
    onPaper(true);
    unfolded = [...document.querySelectorAll("details")].filter((each) => !each.open);
    for (const each of unfolded) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of unfolded) each.open = false;
    onPaper(false);
  });
};

start();
