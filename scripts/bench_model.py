"""The model side of scripts/bench.py: what a network costs, in the form of the model zoos' tables.

Every network runs in a process of its own, ours and upstream's PyTorch, eager and without gradients, in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from src.errors import EnvironmentFault, UsageError

OUR_SIDE = Path(__file__).with_name("bench_model_side.py")
UPSTREAM_SIDE = Path(__file__).with_name("bench_model_torch.py")
MULTIPLE = 16  # of the sizes that every network takes
MIB = 2**20


@dataclass(frozen=True)
class Case:
    """What a run of a network gives: so many frames, `scale` times as high and wide as those that go in.

    in_torch: whether its published code is PyTorch's.
    """

    frames: int = 1
    scale: int = 1
    in_torch: bool = True


CASES = {
    "ifrnet_s": Case(),
    "ifrnet": Case(),
    "ifrnet_l": Case(),
    "ifrplus": Case(in_torch=False),
    "flavr_2x": Case(),
    "flavr_4x": Case(frames=3),
    "flavr_8x": Case(frames=7),
    "toflow_vfi": Case(),
    "toflow_vsr_x4": Case(scale=4),
    "tdan_x4": Case(scale=4),
}
COLUMNS = ("network", "frame", "frames a run", "parameters, M", "MACs, G", "ms a frame", "peak memory, MiB")
UPSTREAM_COLUMNS = ("PyTorch: ms a frame", "ratio", "PyTorch: peak memory, MiB", "ratio")
READING = """\
Frame: height x width of what comes out. Parameters: all that is trained. MACs: multiply-accumulates of one run, those
of its convolutions alone, at every pixel with the whole kernel (of transposed ones: every pixel that goes in); papers
mostly call that number FLOPs. Time: the median of {rounds} rounds on {threads} threads. Memory: the most that a process
with this network alone held (VmHWM), less what it held when the framework had started; compiling the graph is part of
it. Ratios: ours over PyTorch's."""


class Side:
    """A process that runs one network; it ends with its block."""

    def __init__(self, command: list):
        self.name = Path(command[1]).name
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        except OSError as error:
            raise UsageError(f"--torch_python is a Python with PyTorch; {command[0]!r}: {error.strerror}") from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()

    def ask(self, what: str):
        """Return what `serve` of bench_model_side.py answers to "run", "memory" or "facts"."""
        with suppress(BrokenPipeError):
            self.process.stdin.write(f"{what}\n")
            self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise EnvironmentFault(f"{self.name} ended; its own message stands above")
        return json.loads(answer)


def bench_model(options: argparse.Namespace) -> None:
    """Print a row of a Markdown table for each network and size, then what differs and how to read it."""
    if options.network not in ("all", *CASES):
        raise UsageError(f"--network is all, {', '.join(CASES)}; got {options.network!r}")
    if options.upstream and not Path(options.upstream).is_dir():
        raise UsageError(f"--upstream is a folder with checkouts named IFRNet, FLAVR, mmagic; got {options.upstream!r}")
    sizes = [parse_size(text) for text in options.sizes or ["256x448"]]
    threads = len(os.sched_getaffinity(0))
    os.environ["OMP_NUM_THREADS"] = str(threads)
    columns = COLUMNS + UPSTREAM_COLUMNS * bool(options.upstream)
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    notes = {}
    for name in CASES if options.network == "all" else (options.network,):
        for size in sizes:
            sides = _measured(name, size, options)
            print(_row(name, size, sides, len(columns)), flush=True)
            notes.update(dict.fromkeys(_notes(name, sides)))
    print("\n" + "\n".join((*notes, READING.format(rounds=options.rounds, threads=threads))))


def parse_size(text: str) -> tuple[int, int]:
    """Return (height, width) of "HEIGHTxWIDTH". Raises UsageError unless both are multiples that all networks take."""
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    size = tuple(int(each) for each in found.groups()) if found else ()
    if not size or any(each % MULTIPLE or not each for each in size):
        raise UsageError(f"--sizes are HEIGHTxWIDTH, both multiples of {MULTIPLE}; got {text!r}")
    return size


def _measured(name, size, options):
    """Return {side: (milliseconds, bytes, facts)} of ours and, where there is one, upstream."""
    taken = [str(each // CASES[name].scale) for each in size]
    commands = {"ours": [sys.executable, str(OUR_SIDE), name, *taken, options.device_target]}
    if options.upstream and CASES[name].in_torch:
        commands["upstream"] = [options.torch_python, str(UPSTREAM_SIDE), options.upstream, name, *taken]
    with ExitStack() as stack:
        sides = {side: stack.enter_context(Side(command)) for side, command in commands.items()}
        # the first run compiles, the second still fills caches
        for _ in range(2):
            for side in sides.values():
                side.ask("run")
        times = {side: [] for side in sides}
        for turn in range(options.rounds):
            for side in sorted(sides, reverse=bool(turn % 2)):
                times[side].append(sides[side].ask("run"))
        # counting takes memory too
        memory = {side: process.ask("memory") for side, process in sides.items()}
        return {side: (statistics.median(times[side]), memory[side], sides[side].ask("facts")) for side in sides}


def _row(name, size, sides, width):
    frames = CASES[name].frames
    milliseconds, memory, facts = sides["ours"]
    cells = [
        name,
        f"{size[0]} x {size[1]}",
        str(frames),
        f"{facts['parameters'] / 1e6:.2f}",
        f"{facts['multiply_accumulates'] / 1e9:.2f}",
        f"{milliseconds / frames:.1f}",
        f"{memory / MIB:.0f}",
    ]
    if "upstream" in sides:
        theirs, their_memory, _ = sides["upstream"]
        cells += [f"{theirs / frames:.1f}", f"{milliseconds / theirs:.2f}x"]
        cells += [f"{their_memory / MIB:.0f}", f"{memory / their_memory:.2f}x"]
    cells += ["-"] * (width - len(cells))
    return f"| {' | '.join(cells)} |"


def _notes(name, sides):
    """Return the frameworks, and where upstream's parameters or multiply-accumulates are not ours."""
    notes = [f"{side}: {facts['framework']}" for side, (_, _, facts) in sides.items()]
    if "upstream" in sides:
        ours, theirs = sides["ours"][2], sides["upstream"][2]
        for fact in ("parameters", "multiply_accumulates"):
            if ours[fact] != theirs[fact]:
                notes.append(f"{name}: {ours[fact]:,} {fact.replace('_', '-')}, upstream {theirs[fact]:,}")
    return notes
