"""Several workers that share the parts of one job: who makes which, how far they are together, and how they end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from src.config import option
from src.engine.launch import count_devices, start_alone
from src.engine.watch import watch
from src.errors import UsageError
from src.video.job import expected_frames, expected_parts
from src.video.options import VideoOptions
from src.video.parts import Parts
from src.video.progress import Counter, note
from src.video.reader import Source
from src.video.shares import share_text, shares_of
from src.video.timeline import Timeline

PROGRAM = Path(__file__).resolve().parents[2] / "scripts" / "infer_worker.py"
FOLDER = "workers"  # within that of the parts: logs, and how many frames each worker has made
SECONDS_TO_END = 1  # nothing is left to be saved: parts are kept when they are done


@dataclass(frozen=True)
class WorkerOptions(VideoOptions):
    """The arguments of a worker: those of the run, before which stands what is its own."""

    rank: int = option(0, "number of the worker", low=0, required=True)
    starter: int = option(0, "process that it ends with", low=1, required=True)
    share: str = option("", "parts that it makes, as in 0:4,7:", required=True)


def check_workers(options: VideoOptions) -> None:
    """Raise UsageError for more workers than devices, EnvironmentFault where there is no device at all."""
    if options.device_target == "CPU" or options.worker_num == 1:
        return
    devices = count_devices(options.device_target) - options.device_id
    if options.worker_num > devices:
        raise UsageError(
            f"worker_num is one a device, from device_id {options.device_id} on; got {options.worker_num} "
            f"for {max(devices, 0)}"
        )


def sharing_memory(options: VideoOptions) -> int:
    """Return how many workers share the memory of this machine: other devices have their own."""
    return options.worker_num if options.device_target == "CPU" else 1


def make_by_workers(parts: Parts, source: Source, timeline: Timeline, options: VideoOptions, argv: list[str]) -> int:
    """Have the missing parts made by options.worker_num processes; return 0, or the exit code of one that failed.

    argv: the arguments of the run. Where parts for one worker alone are missing, none is started and nothing is made.
    """
    expected = expected_parts(source, options)
    shares = shares_of(parts.gaps(expected), expected, options.worker_num)
    if len(shares) < options.worker_num and not parts.whole:
        note(
            f"{options.part_frames} frames in a part leave work for {len(shares)} of {options.worker_num} workers; "
            "a smaller part_frames gives more parts"
        )
    if len(shares) < 2:
        return 0
    folder = parts.folder / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    commands = [
        [str(PROGRAM), "--rank", str(rank), "--starter", str(os.getpid()), "--share", share_text(share), *argv]
        for rank, share in enumerate(shares)
    ]
    total = expected_frames(timeline, source) - sum(parts.whole.values())
    together = _Together(folder, len(shares), total)
    code = watch(start_alone(commands, folder), SECONDS_TO_END, together)
    together.end()
    parts.look_again()
    return code


def tell_frames(folder: Path, rank: int) -> Callable[[], None]:
    """Return what a worker calls for every frame, for the run that started it to see."""
    file, made = _count_file(folder / FOLDER, rank), 0

    def count():
        nonlocal made
        made += 1
        file.write_text(str(made), encoding="ascii")

    return count


class _Together:
    """Shows how many frames all workers have made."""

    def __init__(self, folder, count, total):
        self.files = [_count_file(folder, rank) for rank in range(count)]
        self.counter, self.seen = Counter(total), 0

    def show(self):
        made = sum(int(file.read_text(encoding="ascii") or 0) for file in self.files if file.exists())
        for _ in range(made - self.seen):
            self.counter.add()
        self.seen = max(made, self.seen)

    def end(self):
        self.counter.end()


def _count_file(folder, rank):
    return folder / f"worker_{rank}.frames"
