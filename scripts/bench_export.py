"""The export side of scripts/bench.py: how far every runtime is from the golden output of every network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from src.errors import EnvironmentFault, MindFramesError, UsageError
from src.runtime.exported import golden_difference, read_manifest

ROOT = Path(__file__).resolve().parents[1]
OLD_PYTHON = ROOT / ".venv-2.0.0" / "bin" / "python"
PROGRAM = ROOT / "ascend310_infer" / "build" / "infer"
COLUMNS = ("MINDIR in MindSpore", "in Lite", "in the C++ program", "ONNX in onnxruntime", "in OpenVINO")


def drawn_weights(model: str, path: Path) -> None:
    """Write weights for a network in which every part has something to do: fresh ones, and small ones for zeros."""
    from mindspore import Tensor

    from src.engine.checkpoint import Card, save_weights
    from src.models import create_model

    network = create_model(model)
    random = np.random.RandomState(3)
    for name, parameter in network.parameters_and_names():
        values = parameter.asnumpy()
        if name.endswith(("weight", "bias", "beta")) and not values.any():
            values = random.normal(scale=0.02, size=values.shape)
        parameter.set_data(Tensor(values.astype(np.float32)))
    save_weights(network, path, Card(model))


def export_with(python: Path | str, model: str, weights: Path, size: tuple, file_format: str, out: Path) -> None:
    """Run export.py by that Python; raise EnvironmentFault with its last line when it fails."""
    flags = {
        "model": model, "ckpt_path": weights, "height": size[0], "width": size[1], "file_format": file_format,
        "file_name": out,
    }  # fmt: skip
    command = [str(python), str(ROOT / "export.py"), *(f"--{name}={value}" for name, value in flags.items())]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise EnvironmentFault(done.stderr.strip().splitlines()[-1])


def differences(model: str, weights: Path, size: tuple, folder: Path) -> list:
    """Return the size of the MINDIR file in MB, then, as texts, what each of COLUMNS differs by, or why it does not."""
    from src.runtime.lite import LiteSession
    from src.runtime.mindir import open_mindir
    from src.runtime.onnx import open_onnxruntime
    from src.runtime.openvino import open_openvino

    new, old, onnx = folder / "new.mindir", folder / "old.mindir", folder / "onnx.onnx"
    exported = {
        new: _told(export_with, sys.executable, model, weights, size, "MINDIR", new),
        old: _told(_export_old, model, weights, size, old),
        onnx: _told(export_with, sys.executable, model, weights, size, "ONNX", onnx),
    }
    opened = ((new, open_mindir), (old, LiteSession), (old, None), (onnx, open_onnxruntime), (onnx, open_openvino))
    cells = []
    for path, open_session in opened:
        if exported[path] is not None:
            cells.append(exported[path])
        elif open_session is None:
            cells.append(_told(_selftest, path))
        else:
            cells.append(_told(_difference, path, open_session))
    megabytes = f"{new.stat().st_size / 1e6:.1f}" if new.is_file() else "-"
    for path in folder.iterdir():
        path.unlink()
    return [megabytes, *cells]


def bench_export(options) -> None:
    """Print the Markdown table of networks and sizes, row by row."""
    from src.models import MODELS, create_model

    predicting = [name for name in MODELS if create_model(name).task != "flow"]
    names = predicting if options.network == "all" else options.network.split(",")
    for name in names:
        if name not in predicting:
            raise UsageError(f"network is all, or some of {', '.join(predicting)}; got {name!r}")
    columns = ("network", "size", "MB", *COLUMNS)
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
    with tempfile.TemporaryDirectory(dir=options.work_path or None) as folder:
        weights, files = Path(folder) / "weights.ckpt", Path(folder) / "files"
        files.mkdir()
        for name in names:
            drawn_weights(name, weights)
            for size in options.sizes or ["64x96", "256x448", "50x70"]:
                height, width = (int(each) for each in size.split("x"))
                cells = differences(name, weights, (height, width), files)
                print(f"| {name} | {height}x{width} | {' | '.join(cells)} |", flush=True)


def _export_old(model, weights, size, out):
    if not OLD_PYTHON.is_file():
        raise EnvironmentFault("no .venv-2.0.0")
    export_with(OLD_PYTHON, model, weights, size, "MINDIR", out)


def _difference(path, open_session):
    return f"{golden_difference(open_session(path, read_manifest(path)), path):.1e}"


def _selftest(path):
    if not os.access(PROGRAM, os.X_OK):
        raise EnvironmentFault("not built")
    command = [str(PROGRAM), "--mindir_path", str(path), "--device_target", "CPU", "--selftest"]
    done = subprocess.run(command, capture_output=True, text=True)
    told = re.search(r"difference\D*([\d.e+-]+)", done.stdout)
    if not told:
        raise EnvironmentFault((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    return f"{float(told.group(1)):.1e}"


def _told(function, *arguments):
    """Return what a function does, or why it cannot, in one line."""
    try:
        return function(*arguments)
    except MindFramesError as error:
        return " ".join(str(error).replace("|", "/").split())
