// Every text of the page in the user's language; English where a translation lacks one.

let table = {};
let english = {};

const fetched = async (language) => (await fetch(`/static/locales/${language}.json`)).json();

const LANGUAGES = ["en", "de", "zh"];

export function preferred() {
  const wanted = [localStorage.getItem("language"), ...navigator.languages.map((name) => name.slice(0, 2))];
  return wanted.find((name) => LANGUAGES.includes(name)) ?? "en";
}

export async function load(language) {
  english = Object.keys(english).length ? english : await fetched("en");
  table = language === "en" ? english : await fetched(language);
  localStorage.setItem("language", language);
  document.documentElement.lang = language;
  translate(document);
}

/** The text of a key, with {names} filled in; "" where there is none. */
export function text(key, values = {}) {
  return (table[key] ?? english[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The server's words in the user's language where they are translated, by their code; else as they came. */
export const titleOf = ({ code, title }) => text(`problem.${code}`) || title;
export const whyOf = ({ reason, detail }) => text(`reason.${reason}`) || detail;
export const labelOf = ({ group, name, title }) => text(`label.${group}.${name}`) || title;
export const measureOf = ({ name, title }) => text(`measure.${name}`) || title;

export function verdictOf({ verdict, diagnosis }) {
  if (!text("verdict.none")) return verdict;
  if (diagnosis.abstained) return text("verdict.abstained");
  return diagnosis.labels.filter((label) => label.predicted).map(labelOf).join(", ") || text("verdict.none");
}

function translate(root) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = text(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) {
    const words = text(element.dataset.tLabel);
    element.setAttribute("aria-label", words);
    if (element.matches("button")) element.title = words;
  }
}
