// The server's queue: its pages one after the other, and what a person says of each, which the server writes down.

import * as api from "./api.js";
import { $, node, say } from "./panels.js";
import { replay } from "./takeaway.js";
import { labelOf, text } from "./texts.js";

const REMEMBERED = 2; // pages that were kept last: going back to them takes no reading
const WAITS = new Set(["listed", "kept"]);

export class Queue {
  #groups = [];
  #kept = [];

  constructor(pages, readAll) {
    Object.assign(this, { pages, readAll });
    $("learn-curves").addEventListener("change", (event) => { this.pages.current.queued.learns = event.target.checked; });
    $("keep").addEventListener("click", () => this.#keep(this.pages.current));
  }

  /** Ask the server for its queue, and open the first page that nobody has looked at. */
  async open() {
    const { groups, pages: places } = await api.queue();
    this.#groups = groups;
    this.pages.addQueued(places.map((place) => ({ ...place, learns: place.correction !== null })));
    const first = this.pages.all.find((page) => page.status === "listed") ?? this.pages.all[0];
    if (first) this.pages.open(first);
  }

  /** A page was opened: it is read, and the one after it. */
  opened(page) {
    if (!page.queued) return;
    const next = this.#left.find((other) => other.queued.number > page.queued.number);
    for (const each of [page, next]) if (WAITS.has(each?.status) && !each.now) each.status = "waiting";
    this.readAll();
  }

  get #left() {
    return this.pages.all.filter((page) => page.queued && !page.queued.looked_at);
  }

  /** Its picture, before it is read. */
  async fetch(page) {
    page.file ??= new File([await api.queued(page.queued.number)], page.queued.file);
  }

  /** What was put right earlier, after it was read; where it does not fit any more, the page says so. */
  async recall(page) {
    const { queued } = page;
    try {
      if (queued.correction && page.now) await replay(page, queued.correction);
    } catch (problem) {
      page.problem ??= problem;
      queued.learns = false;
    }
    if (queued.looked_at) page.status = "kept";
    queued.states = page.past.length;
  }

  /** What is said of the page. */
  show(page) {
    $("training").hidden = !page.queued;
    if (!page.queued) return;
    const { queued } = page;
    const isRecalled = queued.states !== undefined;
    if (isRecalled && page.past.length !== queued.states) {
      Object.assign(queued, { states: page.past.length, learns: page.past.length > 0 });
    }
    $("learn-curves").checked = queued.learns;
    $("learn-curves").disabled = !page.now;
    $("keep").disabled = !isRecalled && !page.problem;
    $("labels-to-give").replaceChildren(...this.#groups.map((group) => this.#fieldset(group, queued)));
  }

  #fieldset({ name: group, exclusive, labels }, { labels: said }) {
    const given = said[group] ??= [];
    const boxes = labels.map(({ name, title }) => {
      const box = node("input", { type: "checkbox", value: name, checked: given.includes(name) });
      box.addEventListener("change", () => {
        const others = exclusive ? [] : said[group].filter((other) => other !== name);
        said[group] = box.checked ? [...others, name] : others;
        if (exclusive) for (const { input } of boxes) input.checked = said[group].includes(input.value);
      });
      return { input: box, label: node("label", {}, box, labelOf({ group, name, title })) };
    });
    const legend = node("legend", {}, text(`group.${group}`) || group);
    return node("fieldset", {}, legend, ...boxes.map(({ label }) => label));
  }

  async #keep(page) {
    const { queued } = page;
    const correction = queued.learns && page.now ? page.corrections : null;
    try {
      await api.patiently(() => api.keep(queued.number, { labels: queued.labels, correction }));
    } catch (problem) {
      say(problem.message);
      return;
    }
    Object.assign(queued, { looked_at: true, correction });
    page.status = "kept";
    this.#kept = [...this.#kept.filter((other) => other !== page), page];
    if (this.#kept.length > REMEMBERED) this.#forget(this.#kept.shift());
    this.pages.changed();
    const [next] = [...this.#left.filter((other) => other.queued.number > queued.number), ...this.#left];
    if (next) this.pages.open(next);
    say(text(next ? "status.keptPage" : "status.allKept", { name: page.name, left: this.#left.length }));
  }

  #forget(page) {
    page.forget();
    page.queued.states = undefined;
  }
}
