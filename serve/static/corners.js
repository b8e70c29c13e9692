// The four corners of the grid: dragged or moved by keys, under a loupe.

import { arrow } from "./pen.js";
import { element, path } from "./stage.js";
import { text } from "./texts.js";

const LOUPE_ZOOM = 5;
const RADIUS = 13; // of a handle, in px of the screen

export class Corners {
  active = false;

  constructor(stage, loupe, onChange) {
    Object.assign(this, { stage, loupe, onChange });
    this.layer = element("g", {}, stage.above);
    this.frame = element("polygon", { class: "frame" }, this.layer);
    this.handles = [0, 1, 2, 3].map((number) => this.#handle(number));
    this.seen = element("image", {}, loupe);
    this.cross = element("path", {}, loupe);
    stage.addEventListener("look", () => this.draw());
  }

  show(active) {
    this.active = active;
    this.loupe.toggleAttribute("hidden", true);
    this.draw();
  }

  get places() {
    return this.stage.page?.corners ?? null;
  }

  #handle(number) {
    const handle = element("circle", { class: "handle", tabindex: 0, role: "button" }, this.layer);
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      handle.focus();
      this.dragged = { number, off: this.stage.at(event).map((v, k) => v - this.places[number][k]) };
    });
    handle.addEventListener("pointermove", (event) => {
      if (this.dragged?.number !== number) return;
      this.#put(number, this.stage.at(event).map((v, k) => v - this.dragged.off[k]));
    });
    for (const end of ["pointerup", "pointercancel"]) handle.addEventListener(end, () => { this.dragged = null; });
    handle.addEventListener("keydown", (event) => {
      const by = arrow(event);
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      this.#put(number, this.places[number].map((v, k) => v + by[k]));
    });
    handle.addEventListener("focus", () => this.#look(number));
    handle.addEventListener("blur", () => this.loupe.toggleAttribute("hidden", true));
    return handle;
  }

  #put(number, place) {
    const { width_px: width, height_px: height } = this.stage.page.picture;
    const limits = [width - 1, height - 1];
    const kept = place.map((v, k) => Math.round(10 * Math.min(Math.max(v, 0), limits[k])) / 10);
    this.stage.page.corners = this.places.map((old, i) => (i === number ? kept : old));
    this.draw();
    this.#look(number);
    this.onChange();
  }

  draw() {
    const places = this.active ? this.places : null;
    this.layer.setAttribute("visibility", places ? "visible" : "hidden");
    if (!places) return;
    this.frame.setAttribute("points", path(places));
    this.handles.forEach((handle, i) => {
      const [cx, cy] = places[i];
      for (const [key, value] of Object.entries({ cx, cy, r: RADIUS * this.stage.unit })) handle.setAttribute(key, value);
      handle.setAttribute("aria-label", `${text(`corner.${i}`)}: ${Math.round(cx)}, ${Math.round(cy)}`);
    });
  }

  /** The picture around a corner, enlarged; at the side of the stage where the corner is not. */
  #look(number) {
    const { picture } = this.stage.page;
    const [x, y] = this.places[number];
    const half = (75 / LOUPE_ZOOM) * Math.max(1, this.stage.unit);
    this.loupe.setAttribute("viewBox", [x - half, y - half, 2 * half, 2 * half].join(" "));
    const { data: href, width_px: width, height_px: height } = picture;
    for (const [key, value] of Object.entries({ href, x: -0.5, y: -0.5, width, height })) this.seen.setAttribute(key, value);
    this.cross.setAttribute("d", `M${x - half} ${y}H${x + half}M${x} ${y - half}V${y + half}`);
    const isLeft = x < picture.width_px / 2;
    this.loupe.setAttribute("class", isLeft ? "right" : "left");
    this.loupe.toggleAttribute("hidden", false);
  }
}
