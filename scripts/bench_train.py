"""The training side of scripts/bench.py: one optimisation step of ours against upstream's PyTorch code, run eagerly.

Both make a step on the same batch with the same losses: forward, backward, and the update of Adam or AdamW.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from src.errors import EnvironmentFault, UsageError

UPSTREAM_SIDE = Path(__file__).with_name("bench_train_torch.py")


@dataclass(frozen=True)
class Case:
    """What a network is measured on: the batch size, the size of the true image, and its optimizer."""

    batch_size: int
    size: tuple[int, int] = (128, 128)
    optimizer: str = "adam"


CASES = {
    "ifrnet_s": Case(4, optimizer="adamw"),
    "ifrnet": Case(2, optimizer="adamw"),
    "ifrnet_l": Case(2, optimizer="adamw"),
    "flavr_2x": Case(1),
    "tdan_x4": Case(4),
    "toflow_vfi": Case(2),
    "toflow_vsr_x4": Case(1),
}


def make_columns(names: tuple, case: Case, scale: int) -> dict:
    """Return a batch, {column: array}: smooth random frames, which are `scale` times smaller than the target."""
    random = np.random.default_rng(1)
    (height, width), batch = case.size, case.batch_size

    def frame(height, width):
        coarse = random.random((batch, 3, height // 8, width // 8))
        return coarse.repeat(8, 2).repeat(8, 3) * 0.9 + 0.1 * random.random((batch, 3, height, width))

    columns = {}
    for name in names:
        if name == "time":
            column = np.full((batch, 1, 1, 1), 0.5)
        elif name == "flow":
            column = 4.0 * random.normal(size=(batch, 4, height, width))
        elif name == "target":
            column = frame(height, width)
        else:
            column = frame(height // scale, width // scale)
        columns[name] = column.astype(np.float32)
    return columns


class OurStep:
    """A network's step in graph mode: `run()` makes one and returns its wall and processor milliseconds."""

    def __init__(self, name: str, case: Case, device_target: str):
        from mindspore import Tensor, nn

        from src.config import Recipe
        from src.engine.optimizer import create_optimizer
        from src.engine.step import TrainStep
        from src.losses.objectives import create_objective
        from src.models import create_model

        recipe = Recipe(model=name, optimizer=case.optimizer, device_target=device_target)
        network = create_model(name)
        for _, cell in network.cells_and_names():
            if isinstance(cell, nn.BatchNorm2d):
                cell.use_batch_statistics = False  # as where a recipe's flow starts from published weights
        objective = create_objective(network, recipe)
        optimizer = create_optimizer(network.trainable_params(), recipe, recipe.max_steps, recipe.max_steps)
        self.step = TrainStep(objective, optimizer)
        self.step.set_train()
        self.columns = make_columns(objective.columns, case, network.scale)
        self.tensors = [Tensor(column) for column in self.columns.values()]

    def run(self) -> tuple[float, float]:
        wall, processor = time.perf_counter(), time.process_time()
        values, squares, _ = self.step(*self.tensors)
        values.asnumpy(), squares.asnumpy()
        return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - processor)


class UpstreamSide:
    """A script run by a Python with PyTorch, which answers every line with one of JSON; it ends with its block."""

    def __init__(self, python: str, script: Path, *arguments):
        command = [python, *(str(word) for word in (script, *arguments))]
        # what our device asks of threads is not for theirs
        environment = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            )
        except OSError as error:
            raise UsageError(f"--torch_python is a Python with PyTorch; {python!r}: {error.strerror}") from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()

    def run(self):
        """Return what it answers. Raises EnvironmentFault when it has ended instead."""
        with suppress(BrokenPipeError):
            self.process.stdin.write("run\n")
            self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise EnvironmentFault("the upstream side ended; its own message stands above")
        return json.loads(answer)


class UpstreamStep(UpstreamSide):
    """The same step on the other side: `run()` answers as that of `OurStep` does."""

    def __init__(self, python: str, upstream: str, name: str, optimizer: str, columns: dict):
        self.folder = tempfile.TemporaryDirectory()
        arrays = Path(self.folder.name) / "columns.npz"
        np.savez(arrays, **columns)
        super().__init__(python, UPSTREAM_SIDE, upstream, name, optimizer, arrays)

    def __exit__(self, *_):
        super().__exit__(*_)
        self.folder.cleanup()


def bench_train(options: argparse.Namespace) -> None:
    """Print a line for each network: wall and processor milliseconds of both, medians, and ours / upstream of each.

    On a busy machine believe the processor's time: what all threads of a side spend on a step.
    """
    from src.engine.device import start_device

    if options.network not in ("all", *CASES):
        raise UsageError(f"--network is all, {', '.join(CASES)}; got {options.network!r}")
    if options.upstream and not Path(options.upstream).is_dir():
        raise UsageError(f"--upstream is a folder with checkouts named IFRNet, FLAVR, mmagic; got {options.upstream!r}")
    threads = len(os.sched_getaffinity(0))
    os.environ["OMP_NUM_THREADS"] = str(threads)
    start_device(options.device_target, seed=1)
    import mindspore

    print(f"MindSpore {mindspore.__version__}, {threads} threads, {options.rounds} rounds, milliseconds a step")
    columns = f"{'upstream':>9} {'ratio':>7}"
    print(f"{'network':14} {'batch':>16} {'ours':>9} {columns} {'processor':>9} {columns}")
    for name in CASES if options.network == "all" else (options.network,):
        print(_measured(name, CASES[name], options), flush=True)


def _measured(name, case, options):
    sides = {"ours": OurStep(name, case, options.device_target)}
    with ExitStack() as stack:
        if options.upstream:
            theirs = UpstreamStep(options.torch_python, options.upstream, name, case.optimizer, sides["ours"].columns)
            sides["upstream"] = stack.enter_context(theirs)
        # the first step compiles, the second still fills caches
        for _ in range(2):
            for side in sides.values():
                side.run()
        times = {side: [] for side in sides}
        for turn in range(options.rounds):
            for side in sorted(sides, reverse=bool(turn % 2)):
                times[side].append(sides[side].run())
    line = f"{name:14} {f'{case.batch_size} x {case.size[0]} x {case.size[1]}':>16}"
    medians = {side: [statistics.median(kind) for kind in zip(*each)] for side, each in times.items()}
    for kind, ours in enumerate(medians["ours"]):
        line += f" {ours:9.1f}"
        if options.upstream:
            upstream = medians["upstream"][kind]
            line += f" {upstream:9.1f} {ours / upstream:6.2f}x"
        else:
            line += f" {'-':>9} {'-':>7}"
    return line
