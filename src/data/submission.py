"""Predictions as files, for benchmarks whose truth is kept back."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from src.video.images import write_image


class Submission:
    """An observer of `evaluate` that writes every prediction to FOLDER/NAME OF THE SAMPLE/`file`, in 8 bits."""

    def __init__(self, folder: Path, file: str):
        self.folder, self.file = folder, file

    def see(self, record: dict, sample, prediction: np.ndarray) -> None:
        """Write one prediction, (3, H, W) RGB in [0, 1]."""
        levels = np.rint(np.clip(prediction, 0, 1) * np.float32(255)).astype(np.uint8)
        folder = self.folder / record["name"]
        folder.mkdir(parents=True, exist_ok=True)
        write_image(folder / self.file, np.ascontiguousarray(levels.transpose(1, 2, 0)))

    def leave(self, folder: Path, rank: int) -> None:
        """Nothing is left to do: every file was written when it was seen."""
