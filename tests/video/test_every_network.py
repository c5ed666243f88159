"""Every network through infer.py, at sizes that none of their multiples divides."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from src.models import MODELS, class_of
from tests.runs import ROOT, names

FRAMES = 5
TASKS = {name: class_of(name).task for name in MODELS}
# A process each, because MindSpore keeps every network it has compiled until the process ends.
RUN = """
import sys
import infer
from src.engine.checkpoint import Card, save_weights
from src.models import create_model

model, folder = sys.argv[1:3]
save_weights(create_model(model), folder + "/weights.ckpt", Card(model))
infer.main([folder + "/in", "--output_path", folder + "/out", "--model", model, "--ckpt_path", folder + "/weights.ckpt",
            "--cuts", "off", *sys.argv[3:]])
"""


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1, 1), (5, 7), (33, 17), (127, 129)])
@pytest.mark.parametrize("model", [name for name, task in TASKS.items() if task != "flow"])
def test_odd_sizes_are_kept_by_every_network(model, size, tmp_path):
    (tmp_path / "in").mkdir()
    pixels = np.random.default_rng(1).integers(0, 256, (FRAMES, *size, 3), np.uint8)
    for number, frame in enumerate(pixels):
        cv2.imwrite(str(tmp_path / "in" / f"{number}.png"), frame)
    multi = {"flavr_4x": ["--multi", "4"], "flavr_8x": ["--multi", "8"]}.get(model, [])
    command = [sys.executable, "-c", RUN, model, str(tmp_path), *multi]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    larger = 4 if TASKS[model] == "super_resolution" else 1
    steps = 1 if larger > 1 else int(multi[-1]) if multi else 2
    written = names(tmp_path / "out")
    assert len(written) == (FRAMES - 1) * steps + 1
    shapes = {cv2.imread(str(tmp_path / "out" / name)).shape for name in written}
    assert shapes == {(larger * size[0], larger * size[1], 3)}
