// Files to take away: every format that the server writes, and the corrections, which can be brought back.

import * as api from "./api.js";
import { $, node, say } from "./panels.js";
import { text, whyOf } from "./texts.js";

export function save(blob, name) {
  const link = node("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  say(text("status.saved", { file: name }));
}

export function showFormats(rows, pages) {
  const written = rows.filter((row) => row.writes);
  $("formats").replaceChildren(...written.map((row) => {
    const title = text(`format.${row.name}`) || row.title;
    const button = node("button", { type: "button" }, title);
    button.dataset.format = row.name;
    button.addEventListener("click", () => take(row, title, pages.current, button));
    return button;
  }));
}

async function take(row, title, page, button) {
  button.disabled = true;
  say(text("status.writing", { format: title }));
  try {
    const { blob, suffix } = await api.convert(page.now, row, { file: page.file, page: page.index, title: page.name });
    save(blob, `${page.name}${suffix === ".zip" ? `.${row.name}.zip` : suffix}`);
  } catch (problem) {
    say(problem.message);
  } finally {
    button.disabled = false;
  }
}

export function saveCorrections(pages) {
  const corrected = pages.all.filter((page) => Object.keys(page.corrections).length);
  const all = Object.fromEntries(corrected.map((page) => [page.name, page.corrections]));
  const name = corrected.length === 1 ? `${corrected[0].name}.corrections.json` : "corrections.json";
  save(new Blob([JSON.stringify(all, null, 1)], { type: "application/json" }), name);
}

/** Replay the corrections of a file on the pages that they name, when all pages are read. */
export async function loadCorrections(file, pages) {
  const all = JSON.parse(await file.text());
  while (pages.isBusy) await new Promise((done) => { setTimeout(done, 200); });
  const strays = Object.keys(all).filter((name) => !pages.all.some((page) => page.name === name));
  let count = 0;
  for (const page of pages.all.filter((each) => Object.hasOwn(all, each.name))) {
    await replay(page, all[page.name]);
    count += 1;
  }
  const stray = strays.length ? ` ${text("status.stray", { names: strays.join(", ") })}` : "";
  say(text("status.replayed", { count }) + stray);
}

/** Do to a page that was read what its correction says. */
export async function replay(page, { curves = [], steps = [], ...hints }) {
  const isHinted = Object.keys(hints).length > 0;
  if (isHinted && !page.take(await api.reread(page.file, page.index, hints), hints)) {
    throw new Error(text("status.failed", { name: page.name, why: whyOf(page.problem) }));
  }
  const todo = [...curves, ...steps];
  if (!todo.length || !page.now) return;
  const state = { ...page.now, steps: [...(isHinted ? [] : page.now.steps), ...todo] };
  page.push({ ...state, view: await api.correct(state) });
  page.status = "corrected";
}
