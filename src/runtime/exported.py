"""Exported networks on disk: OUT.mindir, OUT.onnx or OUT.air, its manifest OUT.json and its golden OUT.golden.npz."""

from __future__ import annotations

import dataclasses
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from src.errors import UsageError, WeightsError

SUFFIXES = {"MINDIR": ".mindir", "ONNX": ".onnx", "AIR": ".air"}
TOLERANCE = 1e-4
TIME = "time"

# What runs one exported file: arrays of exactly its inputs' shapes, in order, to its first output.
Session = Callable[[Sequence[np.ndarray]], np.ndarray]


@dataclass(frozen=True)
class Manifest:
    """What an exported file is; one flat JSON object beside it, with these keys.

    weights_sha256: of the file of weights it was made from. form: that of src/ops/backend.py. precision: in which the
    kernels are stored; all arithmetic is float32. timestep, scale: as in src/runtime. frames: how many go in.
    inputs, outputs: {"name", "shape", "dtype"} in the graph's order. multiple: which height and width were padded to.
    mindir_version: of the file's format, None for others. loads_in: who can load it, for people to read.
    """

    model: str
    weights_sha256: str
    format: str
    form: str
    precision: str
    scale: int
    timestep: str
    frames: int
    layout: str
    range: tuple
    inputs: tuple
    outputs: tuple
    multiple: int
    mindspore_version: str
    mindir_version: int | None
    loads_in: tuple

    @property
    def takes_time(self) -> bool:
        """Return whether the last input is a time."""
        return self.inputs[-1]["name"] == TIME

    @property
    def batch(self) -> int:
        """Return how many samples one run takes."""
        return self.inputs[0]["shape"][0]

    @property
    def size(self) -> tuple[int, int]:
        """Return the height and width of the frames that go in."""
        return tuple(self.inputs[0]["shape"][2:])

    @property
    def output_frames(self) -> int:
        """Return how many frames come back of one sample."""
        shape = self.outputs[0]["shape"]
        return shape[1] if len(shape) == 5 else 1


def manifest_path(path: str | Path) -> Path:
    """Return where the manifest of an exported file stands."""
    return Path(path).with_suffix(".json")


def golden_path(path: str | Path) -> Path:
    """Return where the golden inputs and outputs of an exported file stand."""
    return Path(path).with_suffix(".golden.npz")


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write a manifest to the JSON file `path`."""
    path.write_text(json.dumps(dataclasses.asdict(manifest), indent=2) + "\n", encoding="utf-8")


def read_manifest(path: str | Path) -> Manifest:
    """Read the manifest that stands beside an exported file.

    Raises WeightsError where the file or its manifest is missing, or the manifest is damaged.
    """
    if not Path(path).is_file():
        raise WeightsError(f"the exported network {path} does not exist")
    place = manifest_path(path)
    try:
        values = json.loads(place.read_text(encoding="utf-8"))
        manifest = Manifest(**values)
        facts = (manifest.batch, manifest.size, manifest.output_frames, manifest.takes_time)
    except FileNotFoundError as error:
        raise WeightsError(f"{path} has no manifest beside it: {place} is missing") from error
    except (OSError, ValueError, TypeError, KeyError, IndexError) as error:
        raise WeightsError(f"{place} is no manifest of an exported network: {error}") from error
    if not all(isinstance(each, int) for each in (*facts[1], facts[0], facts[2], manifest.scale, manifest.frames)):
        raise WeightsError(f"{place} is no manifest of an exported network: its shapes are not whole numbers")
    if SUFFIXES.get(manifest.format) != Path(path).suffix:
        raise WeightsError(f"{place} is the manifest of an export in format {manifest.format}, not of {path}")
    return manifest


def write_golden(path: Path, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> None:
    """Write arrays as input_0, ..., output_0, ... to the file `path`, uncompressed."""
    named = {f"input_{index}": each for index, each in enumerate(inputs)}
    named.update({f"output_{index}": each for index, each in enumerate(outputs)})
    with open(path, "wb") as file:
        np.savez(file, **{name: np.ascontiguousarray(each, np.float32) for name, each in named.items()})


def read_golden(path: str | Path) -> tuple[list, list]:
    """Return the golden inputs and outputs that stand beside an exported file, float32 arrays in graph order.

    Raises WeightsError when they are missing or damaged.
    """
    place = golden_path(path)
    try:
        with np.load(place, allow_pickle=False) as stored:
            counts = [sum(name.startswith(kind) for name in stored.files) for kind in ("input_", "output_")]
            return tuple(
                [stored[f"{kind}_{index}"] for index in range(count)]
                for kind, count in zip(("input", "output"), counts)
            )
    except FileNotFoundError as error:
        raise WeightsError(f"{path} has no golden output beside it: {place} is missing") from error
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{place} is damaged: {error}") from error


def golden_difference(session: Session, path: str | Path) -> float:
    """Return the largest absolute difference between a session's output and the golden one of the file `path`."""
    inputs, outputs = read_golden(path)
    met = session(inputs)
    if met.shape != outputs[0].shape:
        raise WeightsError(f"{path} returns the shape {met.shape}, its golden output has {outputs[0].shape}")
    return float(np.abs(met - outputs[0]).max())


def find_exports(name: str, suffix: str) -> list[Path]:
    """Return the exported files that `name` stands for: the file itself, or a bundle's, one for each size.

    A bundle OUT.mindir consists of OUT_<height>x<width>.mindir, ... Raises UsageError for another suffix, WeightsError
    when there is no such file.
    """
    path = Path(name)
    if path.suffix != suffix:
        raise UsageError(f"this runtime takes a {suffix} file that export.py made as its --ckpt_path; got {name!r}")
    if path.is_file():
        return [path]
    of_bundle = re.compile(rf"{re.escape(path.stem)}_\d+x\d+{re.escape(suffix)}")
    there = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    found = [each for each in there if of_bundle.fullmatch(each.name)]
    if not found:
        raise WeightsError(f"there is neither an exported network {path} nor a bundle {path.stem}_HxW{suffix} of them")
    return found
