// What is shown beside the page: the list of pages, the choices, the diagnosis, the signal.

import { labelOf, measureOf, text, titleOf, verdictOf, whyOf } from "./texts.js";

export const $ = (id) => document.getElementById(id);

export function node(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export const say = (words) => { $("status").textContent = words; };

export function showQueue(pages, open) {
  $("queue").hidden = pages.all.length === 0;
  document.querySelector("main").classList.toggle("empty", pages.all.length === 0);
  $("pages").replaceChildren(...pages.all.map((page) => {
    const button = node("button", { type: "button", onclick: () => open(page) }, page.name, node("small", {}, text(`queue.${page.status}`)));
    button.setAttribute("aria-current", page === pages.current);
    if (page.status === "reading") button.append(node("progress", { ariaLabel: text("queue.reading") }));
    return node("li", {}, button);
  }));
  const at = pages.all.indexOf(pages.current);
  $("previous").disabled = at <= 0;
  $("next").disabled = at < 0 || at >= pages.all.length - 1;
}

/** Fill a choice; a value that is not among the usual ones is added. */
function choose(select, values, chosen, name = String) {
  const all = chosen === null || values.includes(chosen) ? values : [chosen, ...values];
  select.replaceChildren(...all.map((value) => node("option", { value, textContent: name(value), selected: value === chosen })));
}

const SPEEDS = [12.5, 25, 50, 100];
const GAINS = [2.5, 5, 10, 20, 40];
const LEADS = ["I", "II", "III", "aVR", "-aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];

export function showChoices(page, layouts, chosenBox) {
  const view = page.now?.view;
  const names = layouts.map((layout) => layout.name);
  const hints = page.now?.hints ?? {};
  choose($("layout"), view ? names : ["", ...names], view?.layout ?? hints.layout ?? "", (v) => v || "—");
  choose($("speed"), view ? SPEEDS : ["", ...SPEEDS], view?.mm_per_s ?? "", (v) => (v ? `${v} mm/s` : "—"));
  choose($("gain"), view ? GAINS : ["", ...GAINS], view?.mm_per_mv ?? "", (v) => (v ? `${v} mm/mV` : "—"));
  const box = view?.boxes[chosenBox];
  $("lead").disabled = !box;
  choose($("lead"), box ? LEADS : [""], box?.lead ?? "", (v) => v || text("set.none"));
}

export function showProblem(page) {
  const { problem } = page;
  $("problem").hidden = !problem;
  if (!problem) return;
  const help = page.picture ? [node("p", {}, text("help.refused"))] : [];
  $("problem").replaceChildren(node("strong", {}, titleOf(problem)), node("p", {}, ...told(whyOf(problem), problem.detail)), ...help);
}

/** Words in the user's language, and below them the server's own where these say it with its figures. */
function told(words, original) {
  return words === original ? [words] : [words, node("small", { lang: "en" }, original)];
}

export function showResults(page) {
  const { now, diagnosis } = page;
  for (const id of ["results", "signal", "take"]) $(id).hidden = !now;
  if (!now) return;
  $("verdict").textContent = diagnosis ? verdictOf(diagnosis) : text("results.pending");
  const found = diagnosis?.diagnosis;
  const { warnings, codes } = found ?? now.view;
  $("warnings").hidden = !warnings.length;
  $("warnings").querySelector("ul").replaceChildren(
    ...warnings.map((words, i) => node("li", {}, ...told(text(`note.${codes[i]}`) || words, words))),
  );
  const labels = (found?.labels ?? []).filter((label) => label.probability !== null);
  $("labels").replaceChildren(...labels.map(bar), ...(labels.length ? [node("p", { className: "soft" }, text("results.bold"))] : []));
  $("measurements").tBodies[0].replaceChildren(...(diagnosis?.measurements ?? []).filter((row) => row.known).map((row) => node(
    "tr", {}, node("th", { scope: "row" }, measureOf(row)),
    node("td", { className: row.outside ? "outside" : "" }, row.value, node("small", { className: "soft" }, ` (${text("results.usual", { range: row.usual })})`)),
  )));
  const drawn = new DOMParser().parseFromString(now.view.sheet_svg, "image/svg+xml").documentElement;
  $("sheet").replaceChildren(drawn);
}

function bar(label) {
  const title = labelOf(label);
  const meter = node("meter", { min: 0, max: 1, value: label.probability, ariaLabel: title });
  const gauge = node("span", { className: "gauge" }, meter);
  if (label.threshold !== null) {
    const mark = node("i", { ariaHidden: "true" });
    mark.style.insetInlineStart = `${100 * label.threshold}%`;
    gauge.append(mark);
    gauge.title = text("results.from", { percent: Math.round(100 * label.threshold) });
  }
  const percent = node("span", {}, `${Math.round(100 * label.probability)} %`);
  return node("div", { className: label.predicted ? "label on" : "label" }, node("span", {}, title), gauge, percent);
}
