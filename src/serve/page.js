const MOMENT_BETWEEN_QUESTIONS = 400; // milliseconds
const KEPT = "mindframes-tasks"; // where the browser remembers what it handed in
const $ = (id) => document.getElementById(id);
let networks = [], video = null, task = null, sending = null;

class Refusal extends Error {}

async function ask(path, options) {
  const answer = await fetch(path, options);
  if (answer.status === 404) throw new Refusal("it is not there any more; the server was started anew, or kept newer ones");
  if (answer.status === 204) return null;
  const told = await answer.json();
  if (!answer.ok) throw new Refusal(told.message);
  return told;
}

function only(shown) {
  for (const id of ["form", "running", "finished"]) $(id).hidden = id !== shown;
}

function complain(message) {
  $("error").textContent = message ? `error: ${message}` : "";
  $("error").hidden = !message;
  if (message) $("error").scrollIntoView({ block: "nearest" });
}

function lasting(seconds) {
  const whole = Math.ceil(seconds), two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function number(value) {
  return Number(value.toPrecision(value < 10 ? 2 : 4)).toLocaleString("en");
}

// What is handed in

function pick(file) {
  if (!file) return;
  video = file;
  complain("");
  const units = [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"], [1, "bytes"]];
  const [size, unit] = units.find(([size]) => file.size >= size) || [1, "bytes"];
  $("name").textContent = file.name;
  $("facts").textContent = `${number(file.size / size)} ${unit}`;
  URL.revokeObjectURL($("source").src);
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
  const chosen = kind();
  for (const each of document.querySelectorAll("[data-for]")) each.hidden = !each.dataset.for.split(" ").includes(chosen);
  const fitting = networks.filter((each) => each.enlarges === (chosen === "larger"));
  $("model").replaceChildren(...fitting.map((each) => new Option(each.name)));
}

function choices() {
  const chosen = { model: $("model").value };
  const asked = { multi: ["multi"], fps: ["fps"], slow: ["slow", "slow_audio"], larger: [] }[kind()];
  for (const id of kind() === "larger" ? asked : [...asked, "cuts", "duplicates"]) chosen[id] = $(id).value.trim();
  return chosen;
}

async function start(event) {
  event.preventDefault();
  if (sending) return;
  complain(video ? "" : "there is no video yet: drop one on the page, or pick one");
  if (!video) return;
  const words = { name: video.name, choices: choices(), suffix: $("suffix").value };
  try {
    $("start").disabled = true;
    follow(await ask("/tasks", { method: "POST", body: JSON.stringify(words) }));
    await send();
  } catch (error) {
    leave(error.message);
  } finally {
    $("start").disabled = false;
  }
}

// Not by fetch, which does not tell how much was sent.
function send() {
  return new Promise((done, failed) => {
    sending = new XMLHttpRequest();
    sending.open("PUT", `/tasks/${task.id}/video`);
    sending.upload.onprogress = (event) => stage(`Sending the video: ${Math.floor((100 * event.loaded) / event.total)} %`, event.loaded / event.total);
    sending.onload = () => {
      const fine = sending.status === 202;
      let message = "the server did not take the video";
      try { message = JSON.parse(sending.responseText).message || message; } catch {}
      sending = null;
      return fine ? done() : failed(new Refusal(message));
    };
    sending.onerror = () => { sending = null; failed(new Refusal("the server did not take the video, or it cannot be reached")); };
    sending.onabort = () => { sending = null; done(); };
    sending.send(video);
  });
}

// How far it is

function words(told) {
  if (told.state === "sending") return ["Sending the video", null];
  if (told.state === "waiting") return [told.ahead === 1 ? "Waiting for the video before this one" : `Waiting for ${told.ahead} videos before this one`, null];
  if (told.state === "starting") return ["Reading the video and loading the network", null];
  if (told.state !== "working") return [{ done: "Done", failed: "Failed", cancelled: "Cancelled" }[told.state], null];
  const left = told.left === null ? "" : `, ${number(told.rate)} fps, ${lasting(told.left)} left`;
  return [`${told.done} of ${told.total} frames${left}`, told.done / Math.max(told.total, told.done, 1)];
}

function stage(text, share) {
  $("stage").textContent = text;
  if (share === null) $("bar").removeAttribute("value");
  else $("bar").value = share;
  document.title = share === null ? "MindFrames" : `${Math.floor(100 * share)} % - MindFrames`;
}

function follow(told) {
  task = told;
  keep([...kept().filter((id) => id !== told.id), told.id]);
  history.replaceState(null, "", `#${told.id}`);
  $("running_name").textContent = told.name;
  $("cancel").disabled = false;
  complain("");
  if (told.state === "done") return finish(told);
  only("running");
  stage(...words(told));
  setTimeout(question, MOMENT_BETWEEN_QUESTIONS, told.id);
}

async function question(id) {
  if (!task || task.id !== id) return;
  try {
    const told = await ask(`/tasks/${id}`);
    if (!task || task.id !== id) return;
    complain("");
    task = told;
    if (told.state === "done") return await finish(told);
    if (told.state === "failed") return leave(told.error.message);
    if (told.state === "cancelled") return leave("");
    if (!sending && !$("cancel").disabled) stage(...words(told));
  } catch (error) {
    if (error instanceof Refusal) return leave(error.message);
    complain("the server cannot be reached; it is asked again");
  }
  setTimeout(question, MOMENT_BETWEEN_QUESTIONS, id);
}

async function cancel() {
  const id = task.id;
  if (sending) {
    sending.abort();
    return leave("");
  }
  $("cancel").disabled = true;
  stage("Cancelling", null);
  try { await ask(`/tasks/${id}/cancel`, { method: "POST" }); } catch {} // the next question tells why
}

function leave(message) {
  if (task) remove(task.id);
  home(message);
}

function home(message) {
  task = null;
  history.replaceState(null, "", "/");
  document.title = "MindFrames";
  $("result").removeAttribute("src");
  only("form");
  complain(message);
  list();
}

// What was handed in from this browser, on this page or another

function kept() {
  try { return JSON.parse(localStorage.getItem(KEPT)) || []; } catch { return []; }
}

function keep(ids) {
  localStorage.setItem(KEPT, JSON.stringify(ids));
}

function remove(id) {
  keep(kept().filter((each) => each !== id));
  return fetch(`/tasks/${id}`, { method: "DELETE" }).catch(() => {}); // without a server there is nothing to remove
}

function button(text, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: text });
  made.addEventListener("click", act);
  return made;
}

function row(told) {
  const [line, text, buttons] = ["li", "span", "span"].map((tag) => document.createElement(tag));
  const name = Object.assign(document.createElement("strong"), { textContent: told.name });
  text.append(name, ` ${words(told)[0]}`);
  line.className = "line";
  buttons.className = "buttons";
  buttons.append(button("Show", () => follow(told)), button("Remove", () => remove(told.id).then(list)));
  line.append(text, buttons);
  return line;
}

let listed = "";

async function list() {
  const tasks = [];
  for (const id of kept()) {
    try { tasks.push(await ask(`/tasks/${id}`)); }
    catch (error) { if (error instanceof Refusal) keep(kept().filter((each) => each !== id)); }
  }
  const shown = tasks.filter((told) => ["waiting", "starting", "working", "done"].includes(told.state));
  const now = JSON.stringify(shown.map((told) => [told.id, words(told)[0]]));
  $("before_this").hidden = !shown.length;
  if (now !== listed) $("tasks").replaceChildren(...shown.map(row));
  listed = now;
  clearTimeout(list.again);
  if (!$("form").hidden && shown.some((told) => told.state !== "done")) list.again = setTimeout(list, 2000);
}

// What came of it

function rate(told) {
  const [over, under] = told.split("/").map(Number);
  return Number.isFinite(over) ? `${Number((over / (under || 1)).toFixed(3))} fps` : told;
}

function entry(title, words, isBad) {
  const [term, text] = [document.createElement("dt"), document.createElement("dd")];
  term.textContent = title;
  text.textContent = words;
  if (isBad) text.className = "bad";
  return [term, text];
}

function facts(told, report) {
  const { frames, seconds, streams, times } = report;
  const rows = [
    entry("Frames", `${frames.in} before, ${frames.out} after`),
    entry("Frame rate", `${rate(report.rate.in)} before, ${rate(report.rate.out)} after`),
    entry("Network", report.options.model),
    entry("Scene cuts", report.cuts.map((at) => `${number(at)} s`).join(", ") || "none"),
    entry("Drift", `${seconds.drift} s`),
    entry("Kept with the pictures", streams.kept.join(", ") || "nothing else was there"),
  ];
  if (streams.left_out.length) rows.push(entry("Left out", streams.left_out.join("; ")));
  if (report.repeats) rows.push(entry("Frames repeated", report.repeats));
  if (report.unfit) rows.push(entry("Frames that the network failed at", report.unfit, true));
  if (report.broken.length) rows.push(entry("Not as it should be", report.broken.join("; "), true));
  for (const note of told.notes) rows.push(entry("Note", note));
  if (times) rows.push(entry("Time taken", `${number(times.loading + times.working)} s`));
  return rows.flat();
}

async function finish(told) {
  document.title = "Done - MindFrames";
  const at = `/tasks/${told.id}`;
  $("result_name").textContent = told.result_name;
  $("download").href = `${at}/result`;
  $("download").download = told.result_name;
  $("report_file").href = `${at}/report`;
  $("report_file").download = `${told.result_name}.report.json`;
  $("partial").textContent = told.error ? `error: ${told.error.message}` : "";
  $("partial").hidden = !told.error;
  $("unplayable").hidden = true;
  $("result").hidden = false;
  $("result").src = `${at}/result?watch`;
  $("comparison").hidden = true;
  only("finished");
  window.scrollTo(0, 0);
  try { $("report").replaceChildren(...facts(told, await ask(`${at}/report`))); }
  catch (error) { complain(error.message); }
  try {
    const { count } = await ask(`${at}/stills`);
    $("moment").max = count - 1;
    $("moment").value = Math.floor(count / 2);
    if (count) await compare();
  } catch (error) { complain(error.message); }
}

// Both pictures change at once, when both are there.
async function compare() {
  const number = Number($("moment").value), at = `/tasks/${task.id}/stills/${number}`;
  const pictures = ["before", "after"].map((side) => Object.assign(new Image(), { src: `${at}/${side}` }));
  await Promise.all(pictures.map((each) => each.decode()));
  if (!task || Number($("moment").value) !== number) return;
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
