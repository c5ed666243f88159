"""Builds of the C++ program, and an export whose result NumPy knows."""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
LITE_HOME = Path(
    os.environ.get("MS_LITE_HOME") or ROOT / ".venv-lite" / "lib" / "python3.7" / "site-packages" / "mindspore_lite"
)
# Kept, so that only what has changed is built again.
BUILDS = ROOT / "ascend310_infer" / "build-pytest"
EXPORTING_PYTHON = ROOT / ".venv-2.0.0" / "bin" / "python"
SIZE = (16, 32)

# Exports (2 a + b) / 3, which tells the order of two frames.
EXPORT_MIXTURE = """
import sys
import numpy as np
import mindspore
from mindspore import Tensor, nn

class Mixture(nn.Cell):
    def construct(self, first, second):
        return first * (2.0 / 3.0) + second * (1.0 / 3.0)

mindspore.set_context(mode=mindspore.GRAPH_MODE, device_target="CPU")
frames = [Tensor(np.zeros((1, 3, {height}, {width}), np.float32)) for _ in range(2)]
mindspore.export(Mixture(), *frames, file_name=sys.argv[1], file_format="MINDIR")
print(mindspore.__version__)
"""


def build(*arguments, **variables):
    """Run build.sh, one at a time, or skip where there is nothing to build with."""
    for tool in ("cmake", "g++"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    command = ["bash", str(ROOT / "ascend310_infer" / "build.sh"), *(str(each) for each in arguments)]
    with open(ROOT / "ascend310_infer" / "build.sh") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True)


def export_mixture(python, folder: Path) -> Path:
    """Export (2 a + b) / 3 by the MindSpore of a Python, with the manifest and golden arrays of export.py."""
    path = folder / "mixture.mindir"
    script = folder / "export_mixture.py"  # MindSpore reads a network's source from its file
    script.write_text(EXPORT_MIXTURE.format(height=SIZE[0], width=SIZE[1]))
    done = subprocess.run([str(python), str(script), str(path.with_suffix(""))], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    version = done.stdout.split()[-1]
    frame = {"name": "frame", "shape": [1, 3, *SIZE], "dtype": "float32"}
    manifest = {
        "model": "mixture", "format": "MINDIR", "scale": 1, "frames": 2, "layout": "NCHW", "range": [0, 1],
        "inputs": [frame, frame], "outputs": [frame], "multiple": 16, "mindspore_version": version,
        "mindir_version": 1 if version.startswith("2.0.") else 3,
    }  # fmt: skip
    path.with_suffix(".json").write_text(json.dumps(manifest))
    first, second = np.random.default_rng(1).random((2, 1, 3, *SIZE), np.float32)
    golden = {"input_0": first, "input_1": second, "output_0": first * np.float32(2 / 3) + second * np.float32(1 / 3)}
    np.savez(path.with_suffix(".golden.npz"), **golden)
    return path
