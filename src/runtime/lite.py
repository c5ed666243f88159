"""Exported MINDIR files, run by MindSpore Lite in a Python of its own.

Lite's own libraries and MindSpore's do not go together in one process, and its published package wants CPython 3.7.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from src.errors import EnvironmentFault
from src.runtime.exported import Manifest

SUFFIX = ".mindir"
_ROOT = Path(__file__).resolve().parents[2]
_PROCESS = Path(__file__).with_name("lite_process.py")


def lite_python() -> Path:
    """Return the Python that has MindSpore Lite: $MINDFRAMES_LITE_PYTHON, or that of scripts/setup_lite.sh.

    Raises EnvironmentFault when it is not there.
    """
    python = Path(os.environ.get("MINDFRAMES_LITE_PYTHON") or _ROOT / ".venv-lite" / "bin" / "python")
    if not python.is_file():
        raise EnvironmentFault(
            f"MindSpore Lite is missing ({python} is not there): bash scripts/setup_lite.sh, or pip install "
            "mindspore_lite==2.0.0 for a CPython 3.7 and name it in MINDFRAMES_LITE_PYTHON"
        )
    return python


class LiteSession:
    """`Session` of one file in a process that ends with this object.

    Raises EnvironmentFault when Lite is missing, cannot load the file or breaks down.
    """

    def __init__(self, path: Path, manifest: Manifest, device_target: str = "CPU", device_id: int = 0):
        self.path, self.manifest = path, manifest
        self.said = tempfile.TemporaryFile()
        shapes = json.dumps([{"name": each["name"], "shape": each["shape"]} for each in manifest.inputs])
        threads = len(os.sched_getaffinity(0))
        command = [lite_python(), _PROCESS, path, device_target.lower(), device_id, threads, shapes]
        self.process = subprocess.Popen(
            [str(each) for each in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said
        )
        facts = json.loads(self.process.stdout.readline() or '{"error": ""}')
        if "error" in facts:
            raise EnvironmentFault(self._failure(facts))

    def __call__(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        for each, wanted in zip(arrays, self.manifest.inputs):
            if list(each.shape) != list(wanted["shape"]):
                raise ValueError(f"{wanted['name']} has the shape {wanted['shape']}; got {list(each.shape)}")
        shape = self.manifest.outputs[0]["shape"]
        size = 4 * int(np.prod(shape))
        try:
            for each in arrays:
                self.process.stdin.write(np.ascontiguousarray(each, np.float32).tobytes())
            self.process.stdin.flush()
            answer = self.process.stdout.read(size)
        except BrokenPipeError:
            answer = b""
        if len(answer) != size:
            raise EnvironmentFault(self._failure({}))
        return np.frombuffer(answer, np.float32).reshape(shape)

    def __del__(self):
        process = getattr(self, "process", None)
        if process is not None:
            process.stdin.close()
            process.stdout.close()
            process.wait()

    def _failure(self, facts):
        if "version" in facts:
            return (
                f"{self.path}, MINDIR version {self.manifest.mindir_version} of MindSpore "
                f"{self.manifest.mindspore_version} in {self.manifest.form} form, cannot be loaded by MindSpore Lite "
                f"{facts['version']}: Lite 2.0 takes version 1, exported by MindSpore 2.0.0, in portable form"
            )
        code = self.process.wait()
        self.said.seek(0)
        lines = self.said.read().decode(errors="replace").strip().splitlines()
        return f"MindSpore Lite broke down with {self.path} (exit code {code}): {lines[-1] if lines else 'no word'}"
