"""Frames through exported files, each of which takes frames of one size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from src.errors import UsageError
from src.runtime.exported import Manifest, Session, find_exports, read_manifest
from src.runtime.padded import PaddedPredictor


class ExportedPredictor(PaddedPredictor):
    """`Predictor` around the exported files of one network, which is opened for a size when that is first needed.

    manifests: by path. open_session: (path, manifest) -> what runs it. Frames are padded to the smallest size that is
    there; those that fit into none raise UsageError with the sizes. batch_size: 1, or that of all the files, which
    is fixed in them; another raises UsageError.
    """

    def __init__(
        self,
        manifests: dict[Path, Manifest],
        open_session: Callable[[Path, Manifest], Session],
        batch_size: int = 1,
    ):
        self.by_size = {manifest.size: (path, manifest) for path, manifest in manifests.items()}
        first = next(iter(manifests.values()))
        facts = SimpleNamespace(
            inputs=first.frames, outputs=first.output_frames, scale=first.scale, takes_time=first.takes_time
        )
        super().__init__(facts, first.timestep, batch_size)
        for path, manifest in manifests.items():
            if batch_size not in (1, manifest.batch):
                raise UsageError(f"{path} was exported for a batch of {manifest.batch}; got batch_size {batch_size}")
        self.open_session = open_session
        self.sessions = {}

    def fitting_size(self, height: int, width: int) -> tuple[int, int]:
        fitting = [size for size in self.by_size if size[0] >= height and size[1] >= width]
        if not fitting:
            there = ", ".join(f"{h}x{w}" for h, w in sorted(self.by_size))
            raise UsageError(f"the exported network takes frames of up to {there}; got {height}x{width}")
        return min(fitting, key=lambda size: size[0] * size[1])

    def run(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        size = arrays[0].shape[2:]
        path, manifest = self.by_size[size]
        if size not in self.sessions:
            self.sessions[size] = self.open_session(path, manifest)
        return self.sessions[size]([np.repeat(each, manifest.batch // len(each), axis=0) for each in arrays])


def load_exported(
    options, suffix: str, open_session: Callable[[Path, Manifest], Session], batch_size: int = 1
) -> ExportedPredictor:
    """Return a predictor of the file, or the bundle, that options.ckpt_path names; it has to be of options.model.

    Raises UsageError for another network, batch or kind of file, WeightsError for missing or damaged files.
    """
    manifests = {path: read_manifest(path) for path in find_exports(options.ckpt_path, suffix)}
    for path, manifest in manifests.items():
        if manifest.model != options.model:
            raise UsageError(f"{path} holds {manifest.model}; got --model {options.model}")
    return ExportedPredictor(manifests, open_session, batch_size)
