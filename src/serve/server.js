// Words with the server, and what the browser remembers of them.
const KEPT = "mindframes-tasks";

export class Refusal extends Error {}

export async function ask(path, options) {
  const answer = await fetch(path, options);
  if (answer.status === 404) throw new Refusal("this video is not on the server any more");
  const told = await answer.json();
  if (!answer.ok) throw new Refusal(told.message);
  return told;
}

// Not by fetch, which does not tell how much was sent. abort() of `request` ends it without a failure.
export function send(request, task, video, progress) {
  return new Promise((done, failed) => {
    request.open("PUT", `/tasks/${task.id}/video`);
    request.upload.onprogress = (event) => progress(event.loaded / Math.max(event.total, 1));
    request.onload = () => {
      let message = "the server did not take the video";
      try { message = JSON.parse(request.responseText).message || message; } catch {} // no words of the server
      return request.status === 202 ? done() : failed(new Refusal(message));
    };
    request.onerror = () => failed(new Refusal("the server did not take the video, or cannot be reached"));
    request.onabort = () => done();
    request.send(video);
  });
}

export function kept() {
  try { return JSON.parse(localStorage.getItem(KEPT)) || []; } catch { return []; }
}

export function keep(id) {
  localStorage.setItem(KEPT, JSON.stringify([...kept().filter((each) => each !== id), id]));
}

export function forget(id) {
  localStorage.setItem(KEPT, JSON.stringify(kept().filter((each) => each !== id)));
}

export function remove(id) {
  forget(id);
  return fetch(`/tasks/${id}`, { method: "DELETE" }).catch(() => {}); // without a server there is nothing to remove
}
