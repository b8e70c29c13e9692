// The pages at hand: each keeps its file, its reading, the steps that put it right and all states before.

class Page {
  constructor(file) {
    Object.assign(this, { index: 0, status: "waiting", queued: null }); // queued: its place in the server's queue
    this.forget();
    this.file = file;
    this.stem = (file.name || "page").replace(/\.[^.]*$/, "") || "page";
  }

  /** Let go of all that is large; it can be had again by reading the page again. */
  forget() {
    Object.assign(this, { file: null, problem: null, picture: null, corners: null, wanted: null });
    Object.assign(this, { past: [], now: null, future: [], diagnosis: null });
  }

  /** The name of its results, as the command line gives it. */
  get name() {
    return this.index === 0 ? this.stem : `${this.stem}-p${this.index + 1}`;
  }

  /** Take an answer of the server: the reading, or the problem that the page is. */
  take(answer, hints = {}, steps = []) {
    this.index = answer.page;
    this.picture = answer.picture ?? this.picture;
    if (!answer.view) {
      this.problem = answer.problem;
      this.corners ??= answer.corners_px ?? null;
      if (!this.now) this.status = "failed";
      return false;
    }
    this.problem = null;
    this.push({ reading: answer.reading, view: answer.view, hints, steps });
    this.corners = answer.view.corners_px;
    this.status = this.past.length ? "corrected" : "done";
    return true;
  }

  push(state) {
    if (this.now) this.past.push(this.now);
    this.now = state;
    this.future = [];
    this.diagnosis = null;
  }

  undo() {
    return this.#swap(this.past, this.future);
  }

  redo() {
    return this.#swap(this.future, this.past);
  }

  #swap(from, to) {
    if (!from.length) return false;
    to.push(this.now);
    this.now = from.pop();
    this.corners = this.now.view.corners_px;
    this.diagnosis = null;
    this.status = this.past.length ? "corrected" : "done";
    return true;
  }

  /** What `--corrections` replays. */
  get corrections() {
    if (!this.now) return this.queued?.correction ?? {};
    return { ...this.now.hints, ...(this.now.steps.length ? { steps: this.now.steps } : {}) };
  }
}

export class Pages extends EventTarget {
  all = [];
  current = null;

  add(files) {
    this.all.push(...files.map((file) => new Page(file)));
    this.changed();
  }

  /** Pages of the server's queue, whose pictures are fetched when they are read. */
  addQueued(places) {
    for (const place of places) {
      const page = new Page({ name: place.file });
      this.all.push(Object.assign(page, { file: null, queued: place, status: place.looked_at ? "kept" : "listed" }));
    }
    this.changed();
  }

  /** In the place of a waiting page, all pages that its file has. */
  settle(waiting, answers) {
    const pages = answers.map((answer, number) => {
      const page = number === 0 ? waiting : new Page(waiting.file);
      page.take(answer);
      return page;
    });
    this.all.splice(this.all.indexOf(waiting), 1, ...pages);
    this.changed();
  }

  open(page) {
    this.current = page;
    this.dispatchEvent(new Event("open"));
    this.changed();
  }

  step(by) {
    const at = this.all.indexOf(this.current) + by;
    if (this.all[at]) this.open(this.all[at]);
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  get isBusy() {
    return this.all.some((page) => page.status === "waiting" || page.status === "reading");
  }

  get waiting() {
    return this.all.find((page) => page.status === "waiting");
  }
}
