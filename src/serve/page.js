import { ask, forget, keep, kept, Refusal, remove, send } from "/server.js";
import { bytes, facts, lasting, stage } from "/words.js";

const BETWEEN_QUESTIONS = 400, BETWEEN_LISTS = 2000; // milliseconds
const $ = (id) => document.getElementById(id);
let networks = [], video = null, task = null, sending = null;

function only(shown) {
  for (const id of ["form", "running", "finished"]) $(id).hidden = id !== shown;
}

function complain(message) {
  $("error").textContent = message ? `error: ${message}` : "";
  $("error").hidden = !message;
  if (message) $("error").scrollIntoView({ block: "nearest" });
}

function make(tag, text, more = {}) {
  return Object.assign(document.createElement(tag), { textContent: text, ...more });
}

// What is handed in

function pick(file) {
  if (!file) return;
  unpick();
  video = file;
  complain("");
  $("name").textContent = file.name;
  $("facts").textContent = bytes(file.size);
  $("source").hidden = false;
  $("source").src = URL.createObjectURL(file);
  $("picked").hidden = false;
  $("drop").hidden = true;
}

function unpick() {
  video = null;
  URL.revokeObjectURL($("source").src);
  $("source").removeAttribute("src");
  $("file").value = "";
  $("picked").hidden = true;
  $("drop").hidden = false;
}

function kind() {
  return document.querySelector("[name=kind]:checked").value;
}

function fit() {
  const isShown = (each) => each.dataset.for.split(" ").includes(kind());
  for (const each of document.querySelectorAll("[data-for]")) each.hidden = !isShown(each);
  const fitting = networks.filter((each) => each.enlarges === (kind() === "larger"));
  $("model").replaceChildren(...fitting.map((each) => new Option(each.name)));
}

function choices() {
  const all = [...document.querySelectorAll(".fields :is(select, input)")];
  const meant = all.filter((each) => !each.closest("[hidden]") && each.id !== "suffix");
  return Object.fromEntries(meant.map((each) => [each.id, each.value.trim()]));
}

async function start(event) {
  event.preventDefault();
  complain(video ? "" : "there is no video yet: drop one on the page, or pick one");
  if (!video || sending) return;
  const words = { name: video.name, choices: choices(), suffix: $("suffix").value };
  try {
    sending = new XMLHttpRequest();
    follow(await ask("/tasks", { method: "POST", body: JSON.stringify(words) }));
    await send(sending, task, video, (share) => say(`Sending the video: ${Math.floor(100 * share)} %`, share));
  } catch (error) {
    leave(error.message);
  } finally {
    sending = null;
  }
}

// How far it is

function say(text, share) {
  $("stage").textContent = text;
  if (share === null) $("bar").removeAttribute("value");
  else $("bar").value = share;
  document.title = share === null ? "MindFrames" : `${Math.floor(100 * share)} % - MindFrames`;
}

function follow(told) {
  task = told;
  keep(told.id);
  history.replaceState(null, "", `#${told.id}`);
  $("running_name").textContent = told.name;
  $("cancel").disabled = false;
  complain("");
  if (told.state === "done") return finish(told);
  only("running");
  say(...stage(told));
  setTimeout(question, BETWEEN_QUESTIONS, told.id);
}

async function question(id) {
  if (task?.id !== id) return;
  try {
    const told = await ask(`/tasks/${id}`);
    if (task?.id !== id) return;
    complain("");
    task = told;
    if (told.state === "done") return await finish(told);
    if (told.state === "failed") return leave(told.error.message);
    if (told.state === "cancelled") return leave("");
    if (told.state !== "sending" && !$("cancel").disabled) say(...stage(told));
  } catch (error) {
    if (error instanceof Refusal) return task?.id === id && leave(error.message);
    complain("the server cannot be reached; it is asked again");
  }
  setTimeout(question, BETWEEN_QUESTIONS, id);
}

async function cancel() {
  if (sending) {
    sending.abort();
    return leave("");
  }
  $("cancel").disabled = true;
  say("Cancelling", null);
  try { await ask(`/tasks/${task.id}/cancel`, { method: "POST" }); } catch {} // the next question tells why
}

function leave(message) {
  if (task) remove(task.id);
  home(message);
}

function home(message) {
  task = null;
  history.replaceState(null, "", "/");
  document.title = "MindFrames";
  $("result").pause();
  $("result").removeAttribute("src");
  only("form");
  complain(message);
  list();
}

// What was handed in from this browser, on this page or another

function row(told) {
  const [line, buttons] = [make("li", "", { className: "line" }), make("span", "", { className: "buttons" })];
  const text = make("span", "");
  text.append(make("strong", told.result_name), ` ${stage(told)[0]}`);
  for (const [words, act] of [["Show", () => follow(told)], ["Remove", () => remove(told.id).then(list)]]) {
    const button = make("button", words, { type: "button", className: "plain" });
    button.addEventListener("click", act);
    buttons.append(button);
  }
  line.append(text, buttons);
  return line;
}

async function list() {
  const shown = [];
  for (const id of kept()) {
    try { shown.push(await ask(`/tasks/${id}`)); } catch (error) { if (error instanceof Refusal) forget(id); }
  }
  const open = shown.filter((told) => ["waiting", "starting", "working"].includes(told.state));
  const all = [...open, ...shown.filter((told) => told.state === "done")];
  const words = all.map((told) => told.id + stage(told)[0]).join();
  // what has not changed keeps the keyboard's focus
  if (list.words !== words) $("tasks").replaceChildren(...all.map(row));
  list.words = words;
  $("before_this").hidden = !all.length;
  clearTimeout(list.again);
  if (!$("form").hidden && open.length) list.again = setTimeout(list, BETWEEN_LISTS);
}

// What came of it

async function finish(told) {
  const at = `/tasks/${told.id}`;
  document.title = "Done - MindFrames";
  $("result_name").textContent = told.result_name;
  Object.assign($("download"), { href: `${at}/result`, download: told.result_name });
  Object.assign($("report_file"), { href: `${at}/report`, download: `${told.result_name}.report.json` });
  $("partial").textContent = told.error ? `error: ${told.error.message}` : "";
  $("partial").hidden = !told.error;
  $("unplayable").hidden = true;
  $("result").hidden = false;
  $("result").src = `${at}/result?watch`;
  $("report").replaceChildren();
  $("comparison").hidden = true;
  only("finished");
  window.scrollTo(0, 0);
  try {
    for (const [title, words, isBad] of facts(told, await ask(`${at}/report`))) {
      $("report").append(make("dt", title), make("dd", words, { className: isBad ? "bad" : "" }));
    }
    const { count } = await ask(`${at}/stills`);
    $("moment").max = count - 1;
    $("moment").value = Math.floor(count / 2);
    if (count) await compare();
  } catch (error) {
    if (task?.id === told.id) complain(error.message);
  }
}

// Both pictures change at once, when both are there.
async function compare() {
  const number = Number($("moment").value), id = task.id;
  const pictures = ["before", "after"].map((side) => make("img", "", { src: `/tasks/${id}/stills/${number}/${side}` }));
  await Promise.all(pictures.map((each) => each.decode()));
  if (task?.id !== id || Number($("moment").value) !== number) return;
  [$("before").src, $("after").src] = pictures.map((each) => each.src);
  $("compare").style.setProperty("--shape", pictures[1].naturalWidth / pictures[1].naturalHeight);
  $("moment_told").textContent = `${number + 1} of ${Number($("moment").max) + 1}`;
  $("comparison").hidden = false;
}

async function open() {
  const told = await ask("/choices");
  networks = told.networks;
  const larger = document.querySelector("[name=kind][value=larger]");
  larger.disabled = !networks.some((each) => each.enlarges);
  $("no_larger").hidden = !larger.disabled;
  $("suffix").append(...told.suffixes.map((suffix) => new Option(suffix)));
  fit();
  const id = location.hash.slice(1);
  if (!id) return list();
  try { follow(await ask(`/tasks/${encodeURIComponent(id)}`)); } catch (error) { home(error.message); }
}

$("file").addEventListener("change", () => pick($("file").files[0]));
$("other").addEventListener("click", unpick);
$("form").addEventListener("submit", start);
$("cancel").addEventListener("click", cancel);
for (const id of ["again", "meanwhile"]) $(id).addEventListener("click", () => { unpick(); home(""); });
$("moment").addEventListener("input", () => compare().catch((error) => complain(error.message)));
$("source").addEventListener("loadedmetadata", () => {
  const { videoWidth: width, videoHeight: height, duration } = $("source");
  $("facts").textContent += `, ${width} × ${height}, ${lasting(duration)}`;
});
$("source").addEventListener("error", () => { $("source").hidden = true; });
$("result").addEventListener("error", () => { $("result").hidden = true; $("unplayable").hidden = false; });
for (const each of document.querySelectorAll("[name=kind]")) each.addEventListener("change", fit);
for (const [name, isOver] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    document.body.classList.toggle("over-page", isOver);
    if (name === "drop" && !$("form").hidden) pick(event.dataTransfer.files[0]);
  });
}
open().catch((error) => complain(error.message));
