// What a person puts right: each step is done by the server, one after the other, and can be undone.

import * as api from "./api.js";
import { $, say } from "./panels.js";
import { loadCorrections } from "./takeaway.js";
import { text } from "./texts.js";

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

  /** Read the page again with what is known better; strokes are left behind, choices are not. */
  reread(changes) {
    const page = this.pages.current;
    const { hints = page.wanted ?? {}, steps = [] } = page.now ?? {};
    const chosen = steps.filter((step) => !("lead" in step));
    const all = Object.assign({}, hints, ...chosen, changes);
    page.wanted = all;
    say(text("status.rereading"));
    $("read-again").disabled = true;
    return this.#then(page, async () => {
      try {
        const isRead = page.take(await api.patiently(() => api.reread(page.file, page.index, all)), all);
        say(isRead ? text("status.read", { name: page.name }) : page.problem.detail);
      } finally {
        $("read-again").disabled = false;
      }
    });
  }

  replay(file) {
    return this.#then(this.pages.current, () => loadCorrections(file, this.pages));
  }

  goBack(way) {
    if (this.pages.current?.[way]()) say(text(way === "undo" ? "status.undone" : "status.redone"));
    this.refresh();
  }
}
