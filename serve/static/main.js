// The page: wires files, stage, choices and results together.

import * as api from "./api.js";
import { Corners } from "./corners.js";
import { Pages } from "./pages.js";
import { $, say, showChoices, showProblem, showQueue, showResults } from "./panels.js";
import { Pen } from "./pen.js";
import { Stage } from "./stage.js";
import { loadCorrections, saveCorrections, showFormats } from "./takeaway.js";
import * as texts from "./texts.js";

const { text } = texts;
const pages = new Pages();
const stage = new Stage($("stage"));
const corners = new Corners(stage, $("loupe"), () => {});
const pen = new Pen(stage, { onStroke: stroke, onHide: hide, say });
let layouts = [];
let formats = [];
let isReading = false;
let work = Promise.resolve(); // corrections one after the other

// --- pages ------------------------------------------------------------------------------------------------------------

function addFiles(files) {
  const corrections = files.filter((file) => file.name?.endsWith(".json"));
  pages.add(files.filter((file) => !corrections.includes(file)));
  for (const file of corrections) replay(file);
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
    pages.settle(page, await patiently(() => api.read(page.file)));
  } catch (problem) {
    page.take({ page: 0, problem });
    pages.changed();
  }
  const why = page.problem?.detail;
  say(why ? text("status.failed", { name: page.name, why }) : text("status.read", { name: page.name }));
  if (!pages.current || pages.current === page) pages.open(page);
}

/** Ask again while the server is busy. */
async function patiently(ask) {
  for (;;) {
    try {
      return await ask();
    } catch (problem) {
      if (problem.code !== "server-busy") throw problem;
      say(text("status.busy", { seconds: problem.retryAfter }));
      await new Promise((done) => { setTimeout(done, 1000 * problem.retryAfter); });
    }
  }
}

function showPage() {
  const page = pages.current;
  $("work").hidden = false;
  $("page-name").textContent = page.name;
  stage.show(page);
  setMode(page.now ? "mark" : "corners");
  refresh();
}

function refresh() {
  const page = pages.current;
  if (!page) return;
  stage.draw();
  corners.draw();
  pen.forget();
  showProblem(page);
  showResults(page);
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
    const diagnosis = await patiently(() => api.diagnose(state));
    if (page.now !== state) return;
    page.diagnosis = diagnosis;
  } catch (problem) {
    say(problem.message);
  } finally {
    if (page.asked === state) page.asked = null;
  }
  if (pages.current === page && page.now === state) showResults(page);
}

// --- corrections ------------------------------------------------------------------------------------------------------

function correct(step) {
  const page = pages.current;
  work = work.then(async () => {
    const steps = [...page.now.steps, step];
    const view = await patiently(() => api.correct({ reading: page.now.reading, steps }));
    page.push({ ...page.now, steps, view });
    page.status = "corrected";
    say(text("status.corrected"));
  }).catch((problem) => say(problem.message)).then(() => { if (pages.current === page) refresh(); });
  return work;
}

function stroke(number, points) {
  const box = pages.current.now?.view.boxes[number];
  if (!box) return;
  stage.choose(number);
  correct({ lead: box.lead.replace("-", ""), points_px: points });
}

function hide() {
  const selection = pen.selection;
  if (!selection) say(text("status.nothing"));
  else correct({ ...selection, lead: selection.lead.replace("-", "") });
}

function reread(changes = {}) {
  const page = pages.current;
  const hints = { ...(page.now?.hints ?? {}), ...changes };
  say(text("status.rereading"));
  $("read-again").disabled = true;
  work = work.then(async () => {
    const isRead = page.take(await patiently(() => api.reread(page.file, page.index, hints)), hints);
    say(isRead ? text("status.read", { name: page.name }) : page.problem.detail);
    if (isRead) setMode("mark");
  }).catch((problem) => say(problem.message)).then(() => {
    $("read-again").disabled = false;
    if (pages.current === page) refresh();
  });
}

function replay(file) {
  work = work.then(() => loadCorrections(file, pages)).catch((problem) => say(problem.message)).then(refresh);
}

function goBack(way) {
  if (pages.current?.[way]()) say(text(way === "undo" ? "status.undone" : "status.redone"));
  refresh();
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

function onChoice(name, value) {
  if (value === "") return;
  if (!pages.current.now) reread({ [name]: value, ...(pages.current.corners ? {} : {}) });
  else correct({ [name]: value });
}

function wire() {
  $("files").addEventListener("change", (event) => { addFiles([...event.target.files]); event.target.value = ""; });
  $("load-corrections").addEventListener("change", (event) => { [...event.target.files].forEach(replay); event.target.value = ""; });
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
  const actions = { hide, undo: () => goBack("undo"), redo: () => goBack("redo"), "zoom-in": () => stage.zoomIn(), "zoom-out": () => stage.zoomOut(), "zoom-fit": () => stage.fit(), previous: () => pages.step(-1), next: () => pages.step(1), "read-again": () => reread({ corners_px: pages.current.corners }), "save-corrections": () => saveCorrections(pages) };
  for (const [id, action] of Object.entries(actions)) $(id).addEventListener("click", action);
  $("layout").addEventListener("change", (event) => onChoice("layout", event.target.value));
  $("speed").addEventListener("change", (event) => onChoice("mm_per_s", Number(event.target.value)));
  $("gain").addEventListener("change", (event) => onChoice("mm_per_mv", Number(event.target.value)));
  $("lead").addEventListener("change", (event) => correct({ box: stage.chosen, lead: event.target.value }));
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
  goBack(key === "y" || event.shiftKey ? "redo" : "undo");
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
} catch (problem) {
  say(problem.message);
}
