"""The export side of scripts/bench.py: how far every runtime is from the golden output of every network.

Networks have their shipped weights, or else drawn ones.
Rows are kept in a file, so that the table can be made in pieces: what is there and agrees is not measured again.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts.drawn_weights import drawn_weights
from src.errors import EnvironmentFault, MindFramesError, PartialError, UsageError
from src.runtime.exported import TOLERANCE, golden_difference, read_manifest
from src.runtime.mindspore_graph import CHECKPOINTS

ROOT = Path(__file__).resolve().parents[1]
OLD_PYTHON = ROOT / ".venv-2.0.0" / "bin" / "python"
PROGRAM = ROOT / "ascend310_infer" / "build" / "infer"
SIZES = ("64x96", "50x70")
LARGEST = (256, 448)  # of the frame that comes out: Vimeo90K's
RUNTIMES = (
    "MINDIR in MindSpore", "MINDIR of 2.0.0 in MindSpore 2.0.0", "in Lite", "in the C++ program", "ONNX in onnxruntime",
    "in OpenVINO",
)  # fmt: skip
COLUMNS = ("network", "size", "MB", "GB to export", *RUNTIMES)


def export_with(python: Path | str, model: str, weights: Path, size: tuple, file_format: str, out: Path) -> tuple:
    """Run export.py by that Python; return the difference from the golden output that it tells, and its peak bytes.

    Raises EnvironmentFault with its last line when it fails.
    """
    flags = {
        "model": model, "ckpt_path": weights, "height": size[0], "width": size[1], "file_format": file_format,
        "file_name": out,
    }  # fmt: skip
    command = [str(python), str(ROOT / "export.py"), *(f"--{name}={value}" for name, value in flags.items())]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _peak_bytes(process.pid))
            time.sleep(0.05)
        said.seek(0)
        lines = said.read().strip().splitlines() or [f"exit code {process.returncode}"]
    told = re.search(r"golden output by ([\d.e+-]+)$", lines[-1])
    if process.returncode or not told:
        raise EnvironmentFault(f"{lines[-1]} ({process.returncode})")
    return float(told[1]), peak


def differences(model: str, weights: Path, size: tuple, folder: Path) -> dict:
    """Return one row, {column: text}: what each runtime differs by, or why it does not."""
    from src.runtime.lite import LiteSession
    from src.runtime.openvino import open_openvino

    new, old, onnx = folder / "new.mindir", folder / "old.mindir", folder / "onnx.onnx"
    exported = (
        _told(export_with, sys.executable, model, weights, size, "MINDIR", new),
        _told(_export_old, model, weights, size, old),
        _told(export_with, sys.executable, model, weights, size, "ONNX", onnx),
    )
    in_mindspore, in_old, in_onnxruntime = (each if isinstance(each, str) else f"{each[0]:.1e}" for each in exported)
    cells = (
        in_mindspore,
        in_old,
        _told(_difference, old, LiteSession) if old.is_file() else in_old,
        _told(_selftest, old) if old.is_file() else in_old,
        in_onnxruntime,
        _told(_difference, onnx, open_openvino) if onnx.is_file() else in_onnxruntime,
    )
    peak = max((each[1] for each in exported if not isinstance(each, str)), default=0)
    megabytes = f"{new.stat().st_size / 1e6:.1f}" if new.is_file() else "-"
    for path in folder.iterdir():
        path.unlink()
    return dict(zip(COLUMNS, (model, "{}x{}".format(*size), megabytes, f"{peak / 1e9:.1f}", *cells)))


def agrees(row: dict) -> bool:
    """Return whether every runtime came close enough."""
    return all(re.fullmatch(r"[\d.e+-]+", row[name]) and float(row[name]) <= TOLERANCE for name in RUNTIMES)


def bench_export(options) -> None:
    """Measure the rows that the file of rows lacks, then print all that it has as a Markdown table.

    Raises PartialError when one of the rows asked for does not agree, UsageError where the folder of files cannot be.
    """
    from src.models import MODELS, class_of

    predicting = [name for name in MODELS if class_of(name).task != "flow"]
    names = predicting if options.network == "all" else options.network.split(",")
    for name in names:
        if name not in predicting:
            raise UsageError(f"network is all, or some of {', '.join(predicting)}; got {name!r}")
    if options.work_path and not Path(options.work_path).is_dir():
        raise UsageError(f"--work_path is a folder; got {options.work_path!r}")
    sizes = {name: _sizes(options.sizes, class_of(name).scale) for name in names}
    file = Path(options.rows_path)
    rows, asked = _read_rows(file), set()
    with tempfile.TemporaryDirectory(dir=options.work_path or None) as folder:
        files = Path(folder) / "files"
        files.mkdir()
        for together in zip(*sizes.values()):
            for name, size in zip(names, together):
                key = (name, "{}x{}".format(*size))
                asked.add(key)
                if key in rows and agrees(rows[key]):
                    continue
                weights = CHECKPOINTS / f"{name}.ckpt"
                if not weights.exists():
                    weights = Path(folder) / f"{name}.ckpt"
                if not weights.exists():
                    drawn_weights(name, weights)
                rows[key] = differences(name, weights, size, files)
                print(rows[key], file=sys.stderr, flush=True)
                _write_rows(file, rows)
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for row in sorted(rows.values(), key=lambda row: (predicting.index(row["network"]), _parse_size(row["size"]))):
        print(f"| {' | '.join(row[column] for column in COLUMNS)} |")
    failed = [f"{name} {size}" for name, size in rows if (name, size) in asked and not agrees(rows[name, size])]
    if failed:
        raise PartialError(f"these are not within {TOLERANCE} everywhere: {', '.join(failed)}")


def _sizes(texts, scale):
    if texts:
        return [_parse_size(text) for text in texts]
    return [*map(_parse_size, SIZES), tuple(length // scale for length in LARGEST)]


def _parse_size(text):
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    if not found:
        raise UsageError(f"--sizes are HEIGHTxWIDTH; got {text!r}")
    return int(found[1]), int(found[2])


def _read_rows(file):
    if not file.is_file():
        return {}
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        if all(list(row) == list(COLUMNS) for row in rows):
            return {(row["network"], row["size"]): row for row in rows}
    except (ValueError, TypeError) as error:
        raise UsageError(f"--rows_path is a file that this command wrote; {file} is none: {error}") from error
    raise UsageError(f"--rows_path is a file that this command wrote; {file} has other columns")


def _write_rows(file, rows):
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.part")
    unfinished.write_text(json.dumps(list(rows.values()), indent=1) + "\n", encoding="utf-8")
    os.replace(unfinished, file)


def _peak_bytes(pid):
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="ignore")
    except OSError:  # it has ended
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return 1024 * int(found[1]) if found else 0


def _export_old(model, weights, size, out):
    if not OLD_PYTHON.is_file():
        raise EnvironmentFault("no .venv-2.0.0")
    return export_with(OLD_PYTHON, model, weights, size, "MINDIR", out)


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
