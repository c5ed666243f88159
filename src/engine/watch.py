"""Watch the processes of a distributed run: show worker 0's output, end everything when one worker fails.

A starter such as msrun leaves its workers behind, in sessions of their own, and mpirun reaps them itself: so they are
looked for among the descendants of this process.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from src.engine.processes import adopt_orphans, descendants, reap, send_signal

SCHEDULER = -1
RANK_VARIABLES = (b"OMPI_COMM_WORLD_RANK", b"RANK_ID")
INTERVAL = 0.2
SECONDS_TO_SAVE = 60
SECONDS_TO_END = 5
# MindSpore says this while it ends, whatever its level of logging.
NOISE = re.compile(r"^\[INFO\] DISTRIBUTED\(.*\n", re.MULTILINE)
STOPS = (signal.SIGTERM, signal.SIGINT)


class Job:
    """The processes of a run of `count` workers, whose logs are FOLDER/worker_RANK.log and FOLDER/scheduler.log."""

    def __init__(self, count: int, folder: Path):
        adopt_orphans()
        self.count, self.folder = count, folder
        self.ranks, self.codes, self.ended, self.started = {}, {}, [], []

    def start(self, command: list, environment: dict, log: str, rank: int | None = None) -> None:
        """Start a worker, or, without a rank, a program that starts the workers; its output goes to FOLDER/`log`."""
        with open(self.folder / log, "wb") as file:
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        self.started.append(process)
        if rank is not None:
            self.ranks[process.pid] = rank

    def look(self) -> list:
        """Reap what ended, learn which process is which worker, and return the descendants that are alive."""
        alive = descendants()
        known = set(self.ranks.values())
        starters = {process.pid for process in self.started}
        for pid in sorted(alive):
            rank = None if pid in self.ranks or pid in starters else _rank_of(pid)
            # what a worker starts itself inherits its rank
            if rank is not None and rank not in known:
                self.ranks[pid] = rank
                known.add(rank)
        self.codes.update(reap())
        self.ended += [pid for pid in self.ranks if pid not in alive and pid not in self.ended]
        return alive

    def failure(self) -> tuple | None:
        """Return (exit code, rank or None, log) of what failed first, a worker rather than anything else; or None."""
        failed = [(self.ranks.get(pid), code) for pid, code in self.codes.items() if code]
        if not failed:
            return None
        # of those that ended at once, a code of ours says more than a broken connection or a signal does
        rank, code = min(failed, key=lambda each: (not 1 < each[1] < 128, each[0] in (None, SCHEDULER), each[0] or 0))
        if rank is None:
            rank = self._unseen_failure()
        names = {None: "launcher.log", SCHEDULER: "scheduler.log"}
        return code, rank, self.folder / names.get(rank, f"worker_{rank}.log")

    def _unseen_failure(self) -> int | None:
        # mpirun reaps its workers itself, and the shortest lives end before they are seen
        gone = [self.ranks[pid] for pid in self.ended if not self.codes.get(pid) and self.ranks[pid] != SCHEDULER]
        unseen = [rank for rank in range(self.count) if rank not in self.ranks.values()]
        told = [rank for rank in gone + unseen if _size(self.folder / f"worker_{rank}.log")]
        if told:
            # mpirun ends the others at once: the one that failed has told why
            return min(told, key=lambda rank: not _tells_why(self.folder / f"worker_{rank}.log"))
        started = [rank for rank in unseen if (self.folder / f"worker_{rank}.log").exists()]
        return started[0] if len(started) == 1 else None

    def send(self, number: int) -> None:
        """Send a signal to worker 0 alone, because the others wait for it in the next exchange; to all without it."""
        alive = descendants()
        first = [pid for pid, rank in self.ranks.items() if rank == 0 and pid in alive]
        send_signal(first or alive, number)

    def end(self, seconds: float = SECONDS_TO_END) -> None:
        """End every descendant: asked at first, forced after some seconds."""
        send_signal(self.look(), signal.SIGTERM)
        limit = time.monotonic() + seconds
        while self.look() and time.monotonic() < limit:
            time.sleep(INTERVAL)
        while alive := self.look():
            send_signal(alive, signal.SIGKILL)
            time.sleep(INTERVAL)


def watch(job: Job, seconds_to_save: float = SECONDS_TO_SAVE, shown=None) -> int:
    """Wait for the end of a job and return its exit code: 0, or that of the worker that failed first.

    shown: what has a method `show` that tells how far they are, instead of the output of worker 0.
    SIGTERM and SIGINT are handed to worker 0, which may save before it ends; a second one ends all at once.
    """
    stops = []
    before = {number: signal.signal(number, lambda got, _: stops.append(got)) for number in STOPS}
    output = shown or _Follower(job.folder / "worker_0.log")
    try:
        alive, limit = job.look(), None
        while any(job.ranks.get(pid) != SCHEDULER for pid in alive) and not job.failure():
            if stops and limit is None:
                limit = time.monotonic() + seconds_to_save
                job.send(stops[0])
            if limit and (len(stops) > 1 or time.monotonic() > limit):
                break
            output.show()
            time.sleep(INTERVAL)
            alive = job.look()
        failure = job.failure()
    finally:
        job.end()
        output.show()
        for number, handler in before.items():
            signal.signal(number, handler)
    if stops:
        return failure[0] if failure else 128 + stops[0]
    return _report(job, failure, None if shown else 0) if failure else 0


def _report(job, failure, followed) -> int:
    code, rank, log = failure
    who = {None: "the launcher", SCHEDULER: "the scheduler"}.get(rank, f"worker {rank} of {job.count}")
    if rank is None or rank != followed:
        print(last_words(log), file=sys.stderr)
    print(f"error: {who} {_how_it_ended(code)}, so all were ended; its output is in {log}", file=sys.stderr)
    return code


def _how_it_ended(code):
    # a program may end with a code above 128 of its own
    names = {128 + number: number.name for number in signal.Signals}
    return f"was killed by {names[code]}" if code in names else f"ended with code {code}"


def _tells_why(log):
    text = log.read_text(encoding="utf-8", errors="replace")
    return re.search(r"^(Traceback \(most recent call last\)|error: )", text, re.MULTILINE) is not None


def last_words(log: Path, most: int = 60) -> str:
    """Return the last traceback of a log and what follows it, or else its last lines."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    lines = NOISE.sub("", text).splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith("Traceback (most recent call last)")]
    return "\n".join(lines[starts[-1] :][:most] if starts else lines[-most // 3 :])


class _Follower:
    """Copies what is added to a log to standard output."""

    def __init__(self, path: Path):
        self.path, self.position = path, 0

    def show(self):
        if _size(self.path) > self.position:
            with open(self.path, "rb") as file:
                file.seek(self.position)
                added = file.read()
            self.position += len(added)
            sys.stdout.write(NOISE.sub("", added.decode("utf-8", "replace")))
            sys.stdout.flush()


def _size(path) -> int:
    return path.stat().st_size if path.exists() else 0


def _rank_of(pid) -> int | None:
    try:
        variables = dict(each.partition(b"=")[::2] for each in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    except OSError:
        return None
    if variables.get(b"MS_ROLE") == b"MS_SCHED":
        return SCHEDULER
    return next((int(variables[name]) for name in RANK_VARIABLES if name in variables), None)
