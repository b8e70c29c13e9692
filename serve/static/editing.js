// What a person puts right: each step is done by the server, one after the other, and can be undone.

import * as api from "./api.js";
import { carriedOver } from "./carrying.js";
import { $, say } from "./panels.js";
import { loadCorrections } from "./takeaway.js";
import { text, whyOf } from "./texts.js";

export class Editing {
  #work = Promise.resolve(); // one step after the other

  constructor(pages, stage, pen, refresh) {
    Object.assign(this, { pages, stage, pen, refresh });
  }

  /** Do some work after all that was asked before; its failure is said in words. */
  #then(page, work) {
    this.#work = this.#work.then(work).catch((problem) => say(problem.message)).then(() => {
      if (this.pages.current === page) this.refresh();
    });
    return this.#work;
  }

  correct(step) {
    const page = this.pages.current;
    return this.#then(page, async () => {
      const steps = [...page.now.steps, step];
      const view = await api.patiently(() => api.correct({ reading: page.now.reading, steps }));
      page.push({ ...page.now, steps, view });
      page.status = "corrected";
      say(text("status.corrected"));
    });
  }

  stroke(number, points) {
    const box = this.pages.current.now?.view.boxes[number];
    if (!box) return;
    this.stage.choose(number);
    this.correct({ lead: box.lead.replace("-", ""), points_px: points });
  }

  hide() {
    const selection = this.pen.selection;
    if (!selection) say(text("status.nothing"));
    else this.correct({ ...selection, lead: selection.lead.replace("-", "") });
  }

  rename(lead) {
    this.correct({ box: this.stage.chosen, lead });
  }

  /** Another layout, speed or gain: of the same curves, or of a page that was not read yet. */
  choose(name, value) {
    if (value === "") return;
    if (this.pages.current.now) this.correct({ [name]: value });
    else this.reread({ [name]: value });
  }

  /** Read the page again with what is known better; strokes and names by hand go along where they still lie. */
  reread(changes) {
    const page = this.pages.current;
    say(text("status.rereading"));
    $("read-again").disabled = true;
    return this.#then(page, async () => {
      try {
        say(await this.#readAgain(page, changes));
      } finally {
        $("read-again").disabled = false;
      }
    });
  }

  /** What came of it, in words. */
  async #readAgain(page, changes) {
    const before = page.now;
    const { hints = page.wanted ?? {}, steps = [] } = before ?? {};
    const chosen = steps.filter((step) => !("lead" in step));
    page.wanted = Object.assign({}, hints, ...chosen, changes);
    const answer = await api.patiently(() => api.reread(page.file, page.index, page.wanted));
    if (!before || !answer.view) {
      const isRead = page.take(answer, page.wanted);
      return isRead ? text("status.read", { name: page.name }) : whyOf(page.problem);
    }
    const { steps: kept, view, lost } = await carriedOver(before, answer);
    page.take({ ...answer, view }, page.wanted, kept);
    const outcome = lost ? "lost" : kept.length ? "kept" : "again";
    return text(`status.${outcome}`, { name: page.name, kept: kept.length, lost });
  }

  replay(file) {
    return this.#then(this.pages.current, () => loadCorrections(file, this.pages));
  }

  goBack(way) {
    if (this.pages.current?.[way]()) say(text(way === "undo" ? "status.undone" : "status.redone"));
    this.refresh();
  }
}
