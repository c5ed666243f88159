"""A training run of a network of one layer, small enough to be killed often: python -m tests.engine.small_run DRILL."""

import json
import os
import random
import signal
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from mindspore import nn, ops

from src.config import Recipe
from src.data import create_dataset
from src.engine.device import start_device
from src.engine.fit import fit

STEPS = 150


class Layer(nn.Cell):
    """A network that paints its target by one convolution."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 3, has_bias=True, weight_init="ones", bias_init="zeros")

    def construct(self, frame0):
        return self.convolution(frame0)


class Difference(nn.Cell):
    """Mean absolute difference of what the layer paints; not a number wherever a frame holds none."""

    columns = ("frame0", "target")
    terms = ("difference",)

    def __init__(self, network):
        super().__init__()
        self.network = network

    def construct(self, frame0, target):
        difference = ops.abs(self.network(frame0) - target).mean()
        return difference, (difference,)


class Noise:
    """Samples of noise, a function of the index; those in `broken` are not numbers."""

    columns = ("frame0", "target")

    def __init__(self, length, broken=()):
        self.length, self.broken = length, broken

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        frames = np.random.default_rng(int(index)).random((2, 3, 8, 8)).astype(np.float32)
        return (frames[0] * np.nan if int(index) in self.broken else frames[0]), frames[1]


def small_recipe(**more):
    values = {
        "batch_size": 2, "accumulate_steps": 2, "max_steps": STEPS, "save_steps": 7, "rate": 1e-2, "ema_decay": 0.9,
        "clip_norm": 0.5, "amp_level": "O1", "val_steps": 20, "resume": True, "weight_decay": 1e-3, **more,
    }  # fmt: skip
    return Recipe(**values)


def run(folder: Path, recipe=None, broken=(), network=None, samples=Noise, **more):
    recipe = recipe or small_recipe()
    start_device(seed=recipe.seed)
    network = network or Layer()
    objective = Difference(network)
    source = samples(recipe.max_steps * recipe.batch_size * recipe.accumulate_steps, broken)
    dataset_from = partial(create_dataset, source, objective.columns, recipe.batch_size, 1, 1, 0)
    folder.mkdir(exist_ok=True)

    def size():
        return float(np.abs(network.convolution.weight.asnumpy()).sum())

    score = recipe.val_steps and size
    return fit(network, objective, dataset_from, (recipe.max_steps, 50), recipe, folder, score, **more)


def in_child(folder: Path) -> int:
    """Run in a fork of this process, which has imported everything and run nothing yet; return its number."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        log = os.open(folder.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        run(folder)
        code = 0
    finally:
        sys.stdout.flush()
        os._exit(code)


def steps_told(folder: Path) -> int:
    """Return the last whole step in a run's log."""
    try:
        lines = (folder / "metrics.jsonl").read_text().splitlines()
        return json.loads(lines[-1])["step"]
    except (OSError, ValueError, IndexError):
        return 0


def drill(folder: Path, kills: int, seed: int) -> None:
    """Run to the end in FOLDER/whole, and in FOLDER/killed with so many kills at random moments on the way."""
    whole, killed = folder / "whole", folder / "killed"
    _, status = os.waitpid(in_child(whole), 0)
    assert status == 0, (folder / "whole.log").read_text()[-3000:]
    rng = random.Random(seed)
    points = sorted(rng.randrange(1, STEPS - 1) for _ in range(kills))
    met = []
    for point in points:
        child = in_child(killed)
        while steps_told(killed) < point and os.waitpid(child, os.WNOHANG)[0] == 0:
            time.sleep(0.001)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        met.append(steps_told(killed))
    _, status = os.waitpid(in_child(killed), 0)
    assert status == 0, (folder / "killed.log").read_text()[-3000:]
    print(json.dumps(met))


if __name__ == "__main__":
    drill(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
