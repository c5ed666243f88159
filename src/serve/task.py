"""One video that was handed in through the page, and how far it has come."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections import deque
from functools import cached_property
from pathlib import Path

from src.config import parse_options
from src.errors import InputError, PartialError, ResourceError, UsageError
from src.serve.names import clean_name, result_name, result_suffix
from src.serve.stills import Stills
from src.video.options import VideoOptions
from src.video.report import SUFFIX

# What the page may choose; all else is said on the command line.
CHOICES = ("model", "multi", "fps", "slow", "slow_audio", "cuts", "duplicates")
SENDING, WAITING, STARTING, WORKING = "sending", "waiting", "starting", "working"
DONE, FAILED, CANCELLED = "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)
SECONDS_OF_RATE = 20  # how far back frames are counted to tell how fast they are made


class Task:
    """`folder` is its own; nothing of it is named by the browser. `name` is what the browser calls the video."""

    def __init__(self, name: str, choices: dict, suffix: str, fixed: list[str], folder: Path):
        """choices: {flag: value}; suffix: of the result, or ""; fixed: further flags. Raises UsageError as infer.py."""
        unknown = sorted(set(choices) - set(CHOICES))
        if unknown:
            raise UsageError(f"the page chooses {', '.join(CHOICES)}; got {', '.join(unknown)}")
        self.identity = secrets.token_urlsafe(16)
        self.name = clean_name(name)
        suffix = result_suffix(self.name, suffix)
        self.folder = folder / secrets.token_hex(8)
        self.source, self.result = self.folder / "source", self.folder / f"result{suffix}"
        wishes = [f"--{key}={value}" for key, value in choices.items()]
        self.arguments = [str(self.source), f"--output_path={self.result}", *wishes, *fixed]
        self.options = parse_options(VideoOptions, self.arguments, "")
        self.result_name = result_name(self.name, self.options, suffix)
        self.state = SENDING
        self.unwanted = False
        self.done = self.total = 0
        self.notes: list[str] = []
        self.error: dict | None = None
        self.since = time.monotonic()
        self._made: deque[tuple[float, int]] = deque()
        self.folder.mkdir()

    def hear(self, word: tuple) -> None:
        """Take in what the run tells: see `Worker.said`."""
        kind, *told = word
        if kind == "made":
            self._count(*told)
        elif kind == "note":
            self.notes.append(self._in_words_of_the_page(told[0]))
        else:
            self.fail(*told)

    def fail(self, code: int, line: str) -> None:
        """Remember why it failed, as infer.py ends with `code` and says `line`."""
        self.error = {"code": code, "message": self._in_words_of_the_page(line)}

    def end(self, exit_code: int) -> None:
        """Judge a run that has ended with that code; what a failed or unwanted one left is removed."""
        if self.unwanted:
            self.state = CANCELLED
        elif exit_code in (0, PartialError.exit_code) and self.result.is_file():
            self.state = DONE
            return
        else:
            if self.error is None:
                reason = f"was ended by signal {-exit_code}; memory may have run out"
                self.fail(ResourceError.exit_code, f"the run {reason if exit_code < 0 else f'ended with {exit_code}'}")
            self.state = FAILED
        self.remove_files()

    def remove_files(self) -> None:
        """Remove all that it has on the disk."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @cached_property
    def stills(self) -> Stills:
        """Moments to compare the source and the result at."""
        return Stills(str(self.source), str(self.result), self.options.slow)

    def report(self) -> dict:
        """Return the report that infer.py wrote, with the file names of the page; raises InputError without one."""
        try:
            report = json.loads(Path(f"{self.result}{SUFFIX}").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{self.name}: there is no report of it") from error
        report["options"].update(input=self.name, output_path=self.result_name)
        return report

    def told(self) -> dict:
        """Return what the page shows of it."""
        rate = self._rate()
        return {
            "id": self.identity,
            "name": self.name,
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "rate": rate,
            "left": max(self.total - self.done, 0) / rate if rate else None,
            "notes": self.notes,
            "error": self.error,
            "result_name": self.result_name,
        }

    def _count(self, done, total):
        now = time.monotonic()
        self.state, self.done, self.total = WORKING, done, total
        if done >= 2:  # with the first prediction, which the second frame may be, the network is compiled
            self._made.append((now, done))
        while len(self._made) > 2 and now - self._made[0][0] > SECONDS_OF_RATE:
            self._made.popleft()

    def _rate(self):
        if len(self._made) < 2:
            return None
        (since, before), (until, after) = self._made[0], self._made[-1]
        return (after - before) / max(until - since, 1e-6)

    def _in_words_of_the_page(self, line):
        line = line.replace(f"--output_path {self.result}", self.result_name)
        return line.replace(str(self.result), self.result_name).replace(str(self.source), self.name)
