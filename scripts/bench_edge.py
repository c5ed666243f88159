"""The edge side of scripts/bench.py: the C++ program, or OpenVINO, on CPU against upstream's PyTorch code, run eagerly.

Both predict one frame from two of the same size with the same number of threads, and take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from scripts.bench_train import UpstreamSide
from src.errors import EnvironmentFault, UsageError

UPSTREAM_SIDE = Path(__file__).with_name("bench_edge_torch.py")
PROGRAM = Path(__file__).resolve().parents[1] / "ascend310_infer" / "build" / "infer"
WARM_UP = 3
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


class OpenvinoSide:
    """OpenVINO in this process, in float32; `run()` returns the median milliseconds of a turn's predictions."""

    def __init__(self, onnx_path: str, runs: int):
        from src.runtime.exported import read_manifest
        from src.runtime.openvino import open_openvino

        manifest, random = read_manifest(Path(onnx_path)), np.random.default_rng(1)
        self.predict = open_openvino(Path(onnx_path), manifest)
        self.arrays = [random.random(each["shape"], np.float32) for each in manifest.inputs]
        self.runs = runs

    def run(self) -> float:
        for _ in range(WARM_UP):
            self.predict(self.arrays)
        times = []
        for _ in range(self.runs):
            start = time.perf_counter()
            self.predict(self.arrays)
            times.append(1e3 * (time.perf_counter() - start))
        return statistics.median(times)


class UpstreamInference(UpstreamSide):
    """The same prediction in a Python with PyTorch."""

    def __init__(self, python: str, upstream: str, model: str, size: tuple[int, int], threads: int, runs: int):
        super().__init__(python, UPSTREAM_SIDE, upstream, model, *size, threads, runs)

    def run(self) -> float:
        return statistics.median(super().run())


def bench_edge(options: argparse.Namespace) -> None:
    """Print a line: the medians over all turns in milliseconds, and ours / upstream."""
    exported = options.onnx_path or options.mindir_path
    manifest = Path(exported or "absent").with_suffix(".json")
    if not manifest.is_file():
        raise UsageError(f"--mindir_path or --onnx_path is what export.py wrote, manifest beside it; got {exported!r}")
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    model, (height, width) = facts["model"], facts["inputs"][0]["shape"][-2:]
    if options.upstream and not model.startswith("ifrnet"):
        raise UsageError(f"the upstream side runs ifrnet_s, ifrnet and ifrnet_l; {manifest} is of {model}")
    threads = len(os.sched_getaffinity(0))
    if options.onnx_path:
        ours = OpenvinoSide(options.onnx_path, options.runs)
    else:
        ours = ProgramSide(options.program, options.mindir_path, threads, options.runs)
    sides = {"ours": ours}
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
