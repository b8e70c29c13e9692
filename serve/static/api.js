// The server's addresses as functions. A refusal is thrown as a Problem with the server's own words.

import { say } from "./panels.js";
import { text, titleOf, whyOf } from "./texts.js";

class Problem extends Error {
  constructor(problem, retryAfter = 0) {
    super([titleOf(problem), whyOf(problem)].filter(Boolean).join(": "));
    Object.assign(this, problem, { retryAfter });
  }
}


export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  sessionStorage.setItem("token", given);
  history.replaceState(null, "", location.pathname);
}

async function ask(path, body, method = "POST") {
  const token = sessionStorage.getItem("token");
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  let answer;
  try {
    answer = await fetch(path, body ? { method, body, headers } : { headers });
  } catch {
    throw new Problem({ code: "offline", title: "", detail: text("status.offline") });
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({ code: "internal", title: answer.statusText, detail: "" }));
  throw new Problem(problem, Number(answer.headers.get("Retry-After") ?? 0));
}

function form(fields) {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined || value === "") continue;
    if (value instanceof Blob) made.append(name, value, "upload");
    else made.append(name, value);
  }
  return made;
}

const json = async (path, fields) => (await ask(path, fields && form(fields))).json();
const asJson = (data) => new Blob([JSON.stringify(data)], { type: "application/json" });
const stateOf = ({ reading, steps }) => asJson({ reading, steps });
const hintsOf = ({ corners_px, ...hints }) => ({ ...hints, corners_px: corners_px && JSON.stringify(corners_px) });

export const formats = () => json("/v1/formats");
export const layouts = () => json("/v1/layouts");
export const queue = () => json("/v1/queue");
export const queued = async (number) => (await ask(`/v1/queue/${number}`)).blob();
export const keep = (number, said) => ask(`/v1/queue/${number}`, asJson(said), "PUT");
export const read = async (file) => (await json("/v1/readings", { files: file })).pages;
export const reread = (file, page, hints) => json("/v1/readings/reread", { file, page, ...hintsOf(hints) });
export const correct = (state) => json("/v1/readings/correct", { reading: stateOf(state) });
export const diagnose = (state) => json("/v1/diagnoses", { reading: stateOf(state) });

/** The file in a format as a Blob, and its suffix. */
export async function convert(state, { name, needs }, { file, page, title }) {
  const shown = name === "report" || needs === "page";
  const fields = { format: name, reading: stateOf(state), page, title, file: shown ? file : null };
  const answer = await ask("/v1/convert", form(fields));
  const given = answer.headers.get("Content-Disposition")?.match(/filename="ecg(\.[^"]+)"/);
  return { blob: await answer.blob(), suffix: given?.[1] ?? "" };
}

/** Ask again while the server is busy. */
export async function patiently(ask) {
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
