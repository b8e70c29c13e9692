// The page: wires files, stage, choices and results together.

import * as api from "./api.js";
import { Corners } from "./corners.js";
import { Editing } from "./editing.js";
import { Pages } from "./pages.js";
import { $, say, showChoices, showProblem, showQueue, showResults } from "./panels.js";
import { Pen } from "./pen.js";
import { Queue } from "./queue.js";
import { Stage } from "./stage.js";
import { saveCorrections, showFormats } from "./takeaway.js";
import * as texts from "./texts.js";

const { text } = texts;
const pages = new Pages();
const stage = new Stage($("stage"));
const corners = new Corners(stage, $("loupe"), () => {});
const pen = new Pen(stage, {
  onStroke: (number, points) => editing.stroke(number, points),
  onHide: () => editing.hide(),
  say,
});
const editing = new Editing(pages, stage, pen, refresh);
const queue = new Queue(pages, () => readAll());
let layouts = [];
let formats = [];
let isReading = false;

// --- pages ------------------------------------------------------------------------------------------------------------

function addFiles(files) {
  const corrections = files.filter((file) => file.name?.endsWith(".json"));
  pages.add(files.filter((file) => !corrections.includes(file)));
  for (const file of corrections) editing.replay(file);
  readAll();
}

async function readAll() {
  if (isReading) return;
  isReading = true;
  while (pages.waiting) await readOne(pages.waiting);
  isReading = false;
}

async function readOne(page) {
  page.status = "reading";
  pages.changed();
  say(text("status.reading", { name: page.name }));
  try {
    if (page.queued) await queue.fetch(page);
    pages.settle(page, await api.patiently(() => api.read(page.file)));
    if (page.queued) await queue.recall(page);
  } catch (problem) {
    page.take({ page: 0, problem });
    pages.changed();
  }
  const why = page.problem && texts.whyOf(page.problem);
  say(why ? text("status.failed", { name: page.name, why }) : text("status.read", { name: page.name }));
  if (!pages.current || pages.current === page) pages.open(page);
}

function showPage() {
  const page = pages.current;
  $("work").hidden = false;
  $("page-name").textContent = page.name;
  stage.show(page);
  setMode(page.now ? "mark" : "corners");
  refresh();
  queue.opened(page);
}

function refresh() {
  const page = pages.current;
  if (!page) return;
  stage.draw();
  corners.draw();
  pen.forget();
  showProblem(page);
  showResults(page);
  queue.show(page);
  choices();
  pages.changed();
  diagnose(page);
}

function choices() {
  const page = pages.current;
  if (!page) return;
  showChoices(page, layouts, stage.chosen);
  $("undo").disabled = !page.past.length;
  $("redo").disabled = !page.future.length;
  $("hide").disabled = stage.chosen === null;
}

async function diagnose(page) {
  const state = page.now;
  if (!state || page.diagnosis || page.asked === state) return;
  page.asked = state;
  try {
    const diagnosis = await api.patiently(() => api.diagnose(state));
    if (page.now !== state) return;
    page.diagnosis = diagnosis;
  } catch (problem) {
    say(problem.message);
  } finally {
    if (page.asked === state) page.asked = null;
  }
  if (pages.current === page && page.now === state) showResults(page);
}

// --- what the user touches --------------------------------------------------------------------------------------------

function setMode(mode) {
  for (const button of document.querySelectorAll("[data-mode][role=radio]")) {
    button.setAttribute("aria-checked", button.dataset.mode === mode);
  }
  pen.setMode(mode);
  corners.show(mode === "corners");
  $("read-again").hidden = mode !== "corners";
  $("hint").textContent = text(`hint.${mode}`);
}

function wire() {
  $("files").addEventListener("change", (event) => { addFiles([...event.target.files]); event.target.value = ""; });
  $("load-corrections").addEventListener("change", (event) => { [...event.target.files].forEach((file) => editing.replay(file)); event.target.value = ""; });
  document.addEventListener("dragover", (event) => { event.preventDefault(); $("drop").classList.add("over"); });
  document.addEventListener("dragleave", () => $("drop").classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    $("drop").classList.remove("over");
    addFiles([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => addFiles([...event.clipboardData.files]));
  document.addEventListener("keydown", onKey);
  for (const button of document.querySelectorAll("[data-mode][role=radio]")) {
    button.addEventListener("click", () => setMode(button.dataset.mode));
  }
  const actions = {
    hide: () => editing.hide(),
    undo: () => editing.goBack("undo"),
    redo: () => editing.goBack("redo"),
    "zoom-in": () => stage.zoomIn(),
    "zoom-out": () => stage.zoomOut(),
    "zoom-fit": () => stage.fit(),
    previous: () => pages.step(-1),
    next: () => pages.step(1),
    "read-again": () => editing.reread({ corners_px: pages.current.corners }),
    "save-corrections": () => saveCorrections(pages),
  };
  for (const [id, action] of Object.entries(actions)) $(id).addEventListener("click", action);
  $("layout").addEventListener("change", (event) => editing.choose("layout", event.target.value));
  $("speed").addEventListener("change", (event) => editing.choose("mm_per_s", Number(event.target.value)));
  $("gain").addEventListener("change", (event) => editing.choose("mm_per_mv", Number(event.target.value)));
  $("lead").addEventListener("change", (event) => editing.rename(event.target.value));
  $("language").addEventListener("change", (event) => speak(event.target.value));
  stage.addEventListener("choose", choices);
  pages.addEventListener("change", () => showQueue(pages, (page) => pages.open(page)));
  pages.addEventListener("open", showPage);
}

function onKey(event) {
  if (!(event.ctrlKey || event.metaKey) || event.target.matches("input, textarea")) return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  editing.goBack(key === "y" || event.shiftKey ? "redo" : "undo");
}

async function speak(language) {
  await texts.load(language);
  $("language").value = language;
  setMode(pen.mode);
  showFormats(formats, pages);
  refresh();
  showQueue(pages, (page) => pages.open(page));
}

api.takeToken();
wire();
await speak(texts.preferred());
try {
  [layouts, formats] = await Promise.all([api.layouts(), api.formats()]);
  showFormats(formats, pages);
  await queue.open();
} catch (problem) {
  say(problem.message);
}
