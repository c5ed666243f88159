"""A headless Chromium that is spoken to by its DevTools protocol through two pipes: no driver, no port, no package."""

import json
import os
import select
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# no sandbox: containers forbid it; the pages are our own
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
)  # fmt: skip
PATIENCE = 60


def find_browser():
    """Return the path of a Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One browser with one page; `events` holds what it told by itself. It ends with its block."""

    def __init__(self, program: str, profile):
        self.commands, self.answers, self.events, self.rest = os.pipe(), os.pipe(), [], b""
        theirs, ours = (self.commands[0], self.answers[1]), (self.commands[1], self.answers[0])

        def as_3_and_4():
            # copies above them first, so that neither takes the other's place
            copies = [os.dup2(each, 100 + each, inheritable=False) for each in theirs]
            for number, copy in zip((3, 4), copies):
                os.dup2(copy, number)

        self.process = subprocess.Popen(
            [program, *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=as_3_and_4,
        )
        for each in theirs:
            os.close(each)
        self.writer, self.reader = ours
        self.count, self.session = 0, None

    def __enter__(self):
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(each["targetId"] for each in targets if each["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.writer)
        os.close(self.reader)

    def call(self, method: str, **parameters) -> dict:
        """Return the result of a command of the protocol."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.count:
                assert "error" not in answer, answer["error"]
                return answer["result"]
            self.events.append(answer)

    def open(self, url: str) -> None:
        """Load a page and wait for its load event."""
        self.call("Page.navigate", url=url)
        while not any(each.get("method") == "Page.loadEventFired" for each in self.events):
            self.events.append(self._next())

    def evaluate(self, expression: str):
        """Return the value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def drag(self, start: tuple, end: tuple) -> None:
        """Press the mouse's left button at one place (x, y) of the window and release it at another."""
        for kind, place, buttons in (("Pressed", start, 1), ("Moved", end, 1), ("Released", end, 0)):
            x, y = place
            self.call(
                "Input.dispatchMouseEvent", type=f"mouse{kind}", x=x, y=y, button="left", buttons=buttons, clickCount=1
            )

    def press(self, key: str, code: int) -> None:
        """Press and release a key by its DOM name and its Windows code."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def _next(self):
        while b"\0" not in self.rest:
            # a browser that hangs must not hang the tests
            assert select.select([self.reader], [], [], PATIENCE)[0], f"no word from the browser in {PATIENCE} s"
            part = os.read(self.reader, 1 << 16)
            assert part, "the browser ended"
            self.rest += part
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)
