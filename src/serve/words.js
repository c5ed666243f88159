// How the page says what the server tells.

export function lasting(seconds) {
  const whole = Math.ceil(seconds), two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export function number(value) {
  return Number(value.toPrecision(value < 10 ? 2 : 4)).toLocaleString("en");
}

export function bytes(count) {
  const units = [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"], [1, "bytes"]];
  const [size, unit] = units.find(([size]) => count >= size) || units[3];
  return `${number(count / size)} ${unit}`;
}

// Where a task stands: [words, the share that is done, or null where that is unknown].
export function stage(told) {
  if (told.state === "waiting") {
    const ahead = told.ahead === 1 ? "the video" : `${told.ahead} videos`;
    return [`Waiting for ${ahead} before this one`, null];
  }
  if (told.state === "working") {
    const left = told.left === null ? "" : `, ${number(told.rate)} fps, ${lasting(told.left)} left`;
    return [`${told.done} of ${told.total} frames${left}`, told.done / Math.max(told.total, told.done, 1)];
  }
  const starting = "Reading the video and loading the network";
  return [{ sending: "Sending the video", starting, done: "Done", failed: "Failed" }[told.state] || "Cancelled", null];
}

function rate(told) {
  const [over, under] = told.split("/").map(Number);
  return Number.isFinite(over) ? `${Number((over / (under || 1)).toFixed(3))} fps` : told;
}

// What a report tells, as [title, words, whether that is bad].
export function facts(told, report) {
  const { frames, seconds, streams, times } = report;
  const rows = [
    ["Frames", `${frames.in} before, ${frames.out} after`],
    ["Frame rate", `${rate(report.rate.in)} before, ${rate(report.rate.out)} after`],
    ["Network", report.options.model],
    ["Scene cuts", report.cuts.map((at) => `at ${number(at)} s`).join(", ") || "none"],
    ["Drift", `${seconds.drift} s`],
    ["Kept with the pictures", streams.kept.join(", ") || "nothing else was there"],
  ];
  if (streams.left_out.length) rows.push(["Left out", streams.left_out.join("; ")]);
  if (report.repeats) rows.push(["Frames repeated", report.repeats]);
  if (report.unfit) rows.push(["Frames that the network failed at", report.unfit, true]);
  if (report.broken.length) rows.push(["Not as it should be", report.broken.join("; "), true]);
  for (const note of told.notes) rows.push(["Note", note]);
  if (times) rows.push(["Time taken", `${number(times.loading + times.working)} s`]);
  return rows;
}
