"""The edge side of scripts/bench.py: the C++ program on CPU against upstream's PyTorch code, run eagerly.

Both predict one frame from two of the same size with the same number of threads, and take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
from contextlib import ExitStack
from pathlib import Path

from scripts.bench_train import UpstreamSide
from src.errors import EnvironmentFault, UsageError

UPSTREAM_SIDE = Path(__file__).with_name("bench_edge_torch.py")
PROGRAM = Path(__file__).resolve().parents[1] / "ascend310_infer" / "build" / "infer"
LATENCY = re.compile(r"latency: mean [0-9.]+ ms, median ([0-9.]+) ms")


class ProgramSide:
    """The program, started for every turn; `run()` returns the median milliseconds of a turn's predictions."""

    def __init__(self, program: str, mindir_path: str, threads: int, runs: int):
        flags = {"mindir_path": mindir_path, "device_target": "CPU", "threads": threads, "bench": runs}
        self.command = [program, *(f"--{name}={value}" for name, value in flags.items())]

    def run(self) -> float:
        try:
            done = subprocess.run(self.command, capture_output=True, text=True)
        except OSError as error:
            raise UsageError(f"--program is what build.sh has built; {self.command[0]!r}: {error.strerror}") from error
        found = LATENCY.search(done.stdout)
        if done.returncode or not found:
            raise EnvironmentFault(f"the program ended with {done.returncode}: {done.stderr.strip()}")
        return float(found.group(1))


class UpstreamInference(UpstreamSide):
    """The same prediction in a Python with PyTorch."""

    def __init__(self, python: str, upstream: str, model: str, size: tuple[int, int], threads: int, runs: int):
        super().__init__(python, UPSTREAM_SIDE, upstream, model, *size, threads, runs)

    def run(self) -> float:
        return statistics.median(super().run())


def bench_edge(options: argparse.Namespace) -> None:
    """Print a line: the medians over all turns in milliseconds, and ours / upstream."""
    manifest = Path(options.mindir_path or "absent").with_suffix(".json")
    if not manifest.is_file():
        raise UsageError(f"--mindir_path is what export.py wrote, its manifest beside it; got {options.mindir_path!r}")
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    model, (height, width) = facts["model"], facts["inputs"][0]["shape"][-2:]
    if options.upstream and not model.startswith("ifrnet"):
        raise UsageError(f"the upstream side runs ifrnet_s, ifrnet and ifrnet_l; {manifest} is of {model}")
    threads = len(os.sched_getaffinity(0))
    sides = {"ours": ProgramSide(options.program, options.mindir_path, threads, options.runs)}
    with ExitStack() as stack:
        if options.upstream:
            size = (height, width)
            theirs = UpstreamInference(options.torch_python, options.upstream, model, size, threads, options.runs)
            sides["upstream"] = stack.enter_context(theirs)
        times = {side: [] for side in sides}
        for turn in range(options.rounds):
            for side in sorted(sides, reverse=bool(turn % 2)):
                times[side].append(sides[side].run())
    medians = {side: statistics.median(each) for side, each in times.items()}
    print(f"CPU, {threads} threads, {options.rounds} rounds of {options.runs} runs, milliseconds a prediction")
    print(f"{'network':14} {'size':>10} {'ours':>9} {'upstream':>9} {'ratio':>7}")
    line = f"{model:14} {f'{height}x{width}':>10} {medians['ours']:9.1f}"
    if options.upstream:
        print(f"{line} {medians['upstream']:9.1f} {medians['ours'] / medians['upstream']:6.2f}x")
    else:
        print(f"{line} {'-':>9} {'-':>7}")
