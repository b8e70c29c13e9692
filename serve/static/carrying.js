// What a person put right, carried over to another reading of the same page: by where it lies on the paper.

import * as api from "./api.js";
import { boxAt } from "./stage.js";

/** The steps that still apply to another reading, the view after them, and how many do not apply any more. */
export async function carriedOver(before, { reading, view }) {
  const steps = [];
  let shown = view;
  let lost = 0;
  for (const step of inForce(before.steps)) {
    const moved = "box" in step ? renamed(step, before.view, shown) : redrawn(step, shown);
    if (moved === DONE) continue;
    const after = moved && await tried({ reading, steps: [...steps, moved] });
    if (after) [shown] = [after, steps.push(moved)];
    else lost += 1;
  }
  return { steps, view: shown, lost };
}

/** The view after the steps; null where they do not fit the reading. */
async function tried(state) {
  try {
    return await api.patiently(() => api.correct(state));
  } catch (problem) {
    if (problem.code !== "wrong-value") throw problem;
    return null;
  }
}

const DONE = Symbol("what the step did is so already");

/** Strokes, and names since the last choice of a layout, which names all; choices are what the page was read again with. */
function inForce(steps) {
  const last = steps.findLastIndex((step) => "layout" in step);
  return steps.filter((step, i) => "points_px" in step || ("box" in step && i > last));
}

/** A stroke under the name of the curve that lies where it was drawn; null where none does. */
function redrawn({ points_px: points }, view) {
  const [x, y] = points[Math.floor(points.length / 2)];
  const number = boxAt(view, [x, y ?? (points[0][1] + points.at(-1)[1]) / 2]);
  return number === null ? null : { lead: view.boxes[number].lead.replace("-", ""), points_px: points };
}

/** A name for the box at the same place of the same layout; null where there is none. */
function renamed({ box, lead }, before, view) {
  if (view.layout !== before.layout || !before.boxes[box]) return null;
  const number = boxAt(view, middle(before.boxes[box].outline_px));
  if (number === null) return null;
  return view.boxes[number].lead === lead ? DONE : { box: number, lead };
}

const middle = (points) => [0, 1].map((k) => points.reduce((sum, point) => sum + point[k], 0) / points.length);
