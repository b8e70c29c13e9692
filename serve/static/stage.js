// The page with what was read over it: one SVG whose coordinates are the page's own px.

import { text } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";
const LEVELS = [["sure", 0.8], ["fair", 0.5], ["doubtful", 0]];
const ZOOM = 1.4;
const NARROW_PX = 500; // of a stage that has no room for more than names

export function element(name, attributes = {}, parent = null) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent?.append(made);
  return made;
}

export const path = (points) => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");

export class Stage extends EventTarget {
  chosen = null; // the number of a box

  constructor(svg) {
    super();
    this.svg = svg;
    this.picture = element("image", {}, svg);
    this.boxes = element("g", {}, svg);
    this.above = element("g", {}, svg);
    new ResizeObserver(() => this.#scaled()).observe(svg);
  }

  show(page) {
    this.page = page;
    this.chosen = null;
    if (page.picture) {
      const { width_px: width, height_px: height, data } = page.picture;
      for (const [key, value] of Object.entries({ href: data, x: -0.5, y: -0.5, width, height })) {
        this.picture.setAttribute(key, value);
      }
    } else {
      this.picture.removeAttribute("href");
    }
    this.fit();
    this.draw();
  }

  draw() {
    const focused = this.boxes.contains(document.activeElement) ? Number(document.activeElement.dataset.box) : null;
    this.boxes.replaceChildren();
    const view = this.page?.now?.view;
    view?.boxes.forEach((box, number) => this.#box(box, number));
    if (focused !== null) this.boxes.children[focused]?.focus();
    this.choose(this.chosen);
  }

  #box(box, number) {
    const percent = Math.round((100 * box.confidence.reduce((a, b) => a + b, 0)) / Math.max(1, box.confidence.length));
    const label = text("box.label", { lead: box.lead, number: number + 1, percent });
    const group = element("g", { class: "box", tabindex: 0, role: "button", "aria-label": label, "data-box": number }, this.boxes);
    element("polygon", { points: path(box.outline_px) }, group);
    for (const [level, points] of runs(box)) element("polyline", { class: level, points: path(points) }, group);
    const [x, y] = box.outline_px[0];
    const [xd, yd] = box.outline_px.at(-1);
    const at = { x: x + 0.28 * (xd - x), y: y + 0.28 * (yd - y) };
    const name = element("text", at, group);
    name.textContent = this.svg.clientWidth < NARROW_PX ? box.lead : `${box.lead} ${percent} %`;
    name.dataset.size = 15;
    this.#scaleText(name);
    group.addEventListener("focus", () => this.choose(number));
  }

  choose(number) {
    this.chosen = number;
    [...this.boxes.children].forEach((group, i) => group.classList.toggle("chosen", i === number));
    this.dispatchEvent(new Event("choose"));
  }

  /** Where a pointer is, in page px. */
  at(event) {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return [x, y];
  }

  /** How many page px one px of the screen is. */
  get unit() {
    const matrix = this.svg.getScreenCTM();
    return matrix ? 1 / matrix.a : 1;
  }

  boxAt(place) {
    return boxAt(this.page?.now?.view, place);
  }

  fit() {
    const { width_px: width, height_px: height } = this.page?.picture ?? { width_px: 100, height_px: 60 };
    this.view = [0, 0, width, height];
    this.svg.style.aspectRatio = `${width} / ${height}`;
    this.#look();
  }

  zoom(factor, centre = null) {
    const [x, y, width, height] = this.view;
    const [cx, cy] = centre ?? [x + width / 2, y + height / 2];
    this.view = [cx - (cx - x) / factor, cy - (cy - y) / factor, width / factor, height / factor];
    this.#look();
  }

  zoomIn() { this.zoom(ZOOM); }
  zoomOut() { this.zoom(1 / ZOOM); }

  pan(dx, dy) {
    this.view = [this.view[0] - dx, this.view[1] - dy, this.view[2], this.view[3]];
    this.#look();
  }

  #look() {
    this.svg.setAttribute("viewBox", this.view.join(" "));
    this.#scaled();
  }

  #scaled() {
    for (const name of this.boxes.querySelectorAll("text")) this.#scaleText(name);
    this.dispatchEvent(new Event("look"));
  }

  #scaleText(name) {
    const unit = this.unit;
    name.style.fontSize = `${Math.min(15 * unit, 40)}px`;
    name.style.strokeWidth = `${4 * unit}px`;
  }
}

/** The number of a view's box at a place; of several the one whose curve is nearest. Null where there is none. */
export function boxAt(view, [x, y]) {
  const boxes = view?.boxes ?? [];
  const near = boxes.map((box, i) => [i, distance(box, x, y)]).filter(([i]) => inside(boxes[i].outline_px, x, y));
  return near.sort((a, b) => a[1] - b[1])[0]?.[0] ?? null;
}

/** The unbroken stretches of a curve by how sure they are; neighbours share a point. */
function runs(box) {
  const found = [];
  let last = null;
  box.x_px.forEach((x, i) => {
    const y = box.y_px[i];
    const level = y === null ? null : LEVELS.find(([, least]) => box.confidence[i] >= least)[0];
    if (level !== null && level === last) found.at(-1)[1].push([x, y]);
    else if (level !== null) found.push([level, last !== null ? [[box.x_px[i - 1], box.y_px[i - 1]], [x, y]] : [[x, y]]]);
    last = level;
  });
  return found;
}

function inside(outline, x, y) {
  let odd = false;
  outline.forEach(([ax, ay], i) => {
    const [bx, by] = outline[(i + 1) % outline.length];
    if ((ay > y) !== (by > y) && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  });
  return odd;
}

function distance(box, x, y) {
  let least = Infinity;
  for (let i = 0; i < box.x_px.length; i += 1) {
    if (box.y_px[i] !== null) least = Math.min(least, (box.x_px[i] - x) ** 2 + (box.y_px[i] - y) ** 2);
  }
  return least;
}
