// Selecting, drawing and moving on the stage, by pointer and by keys.

import { element, path } from "./stage.js";
import { text } from "./texts.js";

const NEAR_PX = 0.7; // points of a stroke lie further apart than this, in px of the page
const ROUNDED_PX = 0.02;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const arrow = (event) => {
  const step = ARROWS[event.key];
  return step && step.map((value) => value * (event.shiftKey ? 10 : 1));
};

export class Pen {
  mode = "mark";
  stretch = null; // {box, from, to}: what is selected of a curve, by the numbers of its points

  constructor(stage, { onStroke, onHide, say }) {
    Object.assign(this, { stage, onStroke, onHide, say, points: [], cursor: null, drag: null });
    const { svg } = stage;
    this.layer = element("g", {}, stage.above);
    svg.addEventListener("pointerdown", (event) => this.#down(event));
    svg.addEventListener("pointermove", (event) => this.#move(event));
    svg.addEventListener("pointerup", (event) => this.#up(event));
    svg.addEventListener("pointercancel", () => this.reset());
    svg.addEventListener("keydown", (event) => this.#key(event));
    svg.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("choose", () => { if (this.stretch?.box !== stage.chosen) this.forget(); });
    stage.addEventListener("look", () => this.#draw());
  }

  setMode(mode) {
    this.mode = mode;
    this.stage.svg.dataset.mode = mode;
    this.reset();
  }

  reset() {
    this.points = [];
    this.cursor = this.drag = this.stretch = null;
    this.#draw();
  }

  forget() {
    this.stretch = null;
    this.#draw();
  }

  #down(event) {
    if (event.button !== 0 || !event.isPrimary || event.target.closest(".handle")) return;
    if (this.mode === "corners") return;
    this.stage.svg.setPointerCapture(event.pointerId);
    this.drag = { at: this.stage.at(event), moved: false };
    this.cursor = null;
    this.points = this.mode === "draw" ? [this.drag.at] : [];
    if (this.mode === "mark") this.stage.choose(this.stage.boxAt(this.drag.at));
  }

  #move(event) {
    if (!this.drag || !event.isPrimary) return;
    const at = this.stage.at(event);
    this.drag.moved ||= Math.hypot(at[0] - this.drag.at[0], at[1] - this.drag.at[1]) > 3 * this.stage.unit;
    if (this.mode === "move") this.stage.pan(at[0] - this.drag.at[0], at[1] - this.drag.at[1]);
    if (this.mode === "mark" && this.drag.moved) this.#mark(this.drag.at, at);
    if (this.mode === "draw") {
      const last = this.points.at(-1);
      if (Math.hypot(at[0] - last[0], at[1] - last[1]) > NEAR_PX) this.points.push(at);
    }
    this.#draw();
  }

  #up() {
    const drag = this.drag;
    this.drag = null;
    if (drag && this.mode === "draw") this.#finish();
  }

  /** Select the points of the chosen curve between two places. */
  #mark(from, to) {
    const number = this.stage.chosen;
    const box = this.stage.page?.now?.view.boxes[number];
    if (!box) return;
    const [first, last] = [nearest(box, from), nearest(box, to)].sort((a, b) => a - b);
    this.stretch = last > first ? { box: number, from: first, to: last } : null;
  }

  /** What is selected: the stretch, or all of the chosen curve. Null where nothing is. */
  get selection() {
    const boxes = this.stage.page?.now?.view.boxes ?? [];
    const { box, from, to } = this.stretch ?? { box: this.stage.chosen, from: 0, to: Infinity };
    const curve = boxes[box];
    if (!curve) return null;
    const ends = [from, Math.min(to, curve.x_px.length - 1)].map((i) => [curve.x_px[i], seen(curve, i)]);
    const [first, last] = apart(...ends);
    return { lead: curve.lead, points_px: [first, [(first[0] + last[0]) / 2, null], last] };
  }

  #finish() {
    const points = this.points;
    this.points = [];
    this.cursor = null;
    this.#draw();
    if (points.length < 2) return;
    const middle = points[Math.floor(points.length / 2)];
    const number = this.stage.boxAt(middle) ?? this.stage.boxAt(points[0]) ?? this.stage.chosen;
    if (number === null) this.say(text("status.outside"));
    else this.onStroke(number, points.map((point) => point.map((value) => Math.round(100 * value) / 100)));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(".handle")) return;
    if (event.key === "Delete" || event.key === "Backspace") this.onHide();
    else if (this.mode === "move" && arrow(event)) this.stage.pan(...arrow(event).map((v) => -10 * v * this.stage.unit));
    else if (this.mode === "draw" || this.mode === "mark") { if (!this.#cursorKey(event)) return; }
    else return;
    event.preventDefault();
  }

  #cursorKey(event) {
    const by = arrow(event);
    if (by) {
      const [x, y] = this.cursor ?? this.#begin();
      this.cursor = [x + by[0] * this.stage.unit, y + by[1] * this.stage.unit];
      if (this.mode === "mark" && this.points.length) this.#mark(this.points[0], this.cursor);
    } else if (event.key === " " && this.cursor) {
      this.points.push(this.cursor);
      if (this.mode === "mark") this.stage.choose(this.stage.boxAt(this.cursor) ?? this.stage.chosen);
    } else if (event.key === "Enter" && this.points.length > 1 && this.mode === "draw") this.#finish();
    else if (event.key === "Escape") this.reset();
    else return false;
    this.#draw();
    return true;
  }

  /** The cursor of the keys begins on the chosen curve, else in the middle of what is seen. */
  #begin() {
    const box = this.stage.page?.now?.view.boxes[this.stage.chosen];
    if (box) return [box.x_px[0], seen(box, 0)];
    const [x, y, width, height] = this.stage.view;
    return [x + width / 2, y + height / 2];
  }

  #wheel(event) {
    if (!event.ctrlKey && this.mode !== "move") return;
    event.preventDefault();
    this.stage.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, this.stage.at(event));
  }

  #draw() {
    this.layer.replaceChildren();
    const curve = this.stretch && this.stage.page?.now?.view.boxes[this.stretch.box];
    if (curve) {
      const points = curve.x_px.map((x, i) => [x, curve.y_px[i]]).slice(this.stretch.from, this.stretch.to + 1);
      element("polyline", { class: "stretch", points: path(points.filter(([, y]) => y !== null)) }, this.layer);
    }
    if (this.mode === "draw" && this.points.length) {
      const points = this.cursor ? [...this.points, this.cursor] : this.points;
      element("polyline", { class: "ink", points: path(points) }, this.layer);
    }
    if (this.cursor) {
      const [x, y] = this.cursor;
      const arm = 9 * this.stage.unit;
      element("path", { class: "cursor", d: `M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}` }, this.layer);
    }
  }
}

function nearest(box, [x, y]) {
  let best = 0;
  let least = Infinity;
  box.x_px.forEach((px, i) => {
    const off = Math.abs(px - x) + 0.05 * Math.abs((box.y_px[i] ?? y) - y);
    if (off < least) [best, least] = [i, off];
  });
  return best;
}

/** Two places moved a little outward, so that the points that are shown there, which are rounded, lie between them. */
function apart([ax, ay], [bx, by]) {
  const length = Math.hypot(bx - ax, by - ay) || 1;
  const [dx, dy] = [(ROUNDED_PX * (bx - ax)) / length, (ROUNDED_PX * (by - ay)) / length];
  return [[ax - dx, ay - dy], [bx + dx, by + dy]];
}

/** The height of a curve at a point; of a hidden one that of the nearest that is seen. */
function seen(box, i) {
  for (let away = 0; away < box.y_px.length; away += 1) {
    const y = box.y_px[i - away] ?? box.y_px[i + away];
    if (y !== null && y !== undefined) return y;
  }
  return (box.outline_px[0][1] + box.outline_px.at(-1)[1]) / 2;
}
