"""The worst and the best samples of an evaluation, kept as small pictures while it runs."""

from __future__ import annotations

import heapq
import pickle
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from src.video.images import encode_png

KEPT = 5
LONGEST = 640  # pixels of a picture's longer side
BRIGHTEST = 32  # levels of 255: an error of these or more has the last colour of the map
COLORS = cv2.COLORMAP_INFERNO


@dataclass(frozen=True)
class Example:
    """A sample with its record and three PNG files of `size` (width, height): prediction, truth and error map.

    shrunk: how many pixels of the true frame became one, along each side; 1 for a frame as it is.
    """

    record: dict
    prediction: bytes
    truth: bytes
    error: bytes
    size: tuple[int, int]
    shrunk: float


class Examples:
    """An observer of `evaluate` that keeps the `count` samples of lowest and of highest PSNR, whatever their number."""

    def __init__(self, count: int = KEPT):
        self.count = count
        self.seen = 0
        self._worst, self._best = [], []

    def see(self, record: dict, sample, prediction: np.ndarray) -> None:
        """Take in one sample, unless it has no PSNR; prediction, sample.truth: (3, H, W) RGB in [0, 1]."""
        if "psnr" not in record:
            return
        # a heap drops its smallest; of equals the later one, so that the first of them stays
        ranks = (-record["psnr"], -self.seen), (record["psnr"], -self.seen)
        self.seen += 1
        entered = [
            (heap, rank)
            for heap, rank in zip((self._worst, self._best), ranks)
            if len(heap) < self.count or rank > heap[0][:2]
        ]
        if not entered:
            return
        example = make_example(record, prediction, sample.truth)
        for heap, rank in entered:
            _enter(heap, self.count, (*rank, example))

    def leave(self, folder: Path, rank: int) -> None:
        """Leave what was kept in the folder, for `gathered_examples`."""
        _part(folder, rank).write_bytes(pickle.dumps((self.seen, self._worst, self._best)))

    @property
    def worst(self) -> list[Example]:
        """The worst samples, the very worst first; of few samples the lower half."""
        return [example for *_, example in sorted(self._worst, reverse=True)][: (self.seen + 1) // 2]

    @property
    def best(self) -> list[Example]:
        """The best samples, the very best first; of few samples the upper half."""
        return [example for *_, example in sorted(self._best, reverse=True)][: self.seen // 2]


def gathered_examples(folder: Path, workers: int, count: int = KEPT) -> Examples:
    """Return what so many workers left in the folder as if one had seen it all; nothing of those that left nothing."""
    whole = Examples(count)
    for part in (_part(folder, rank) for rank in range(workers)):
        if part.exists():
            seen, *heaps = pickle.loads(part.read_bytes())
            part.unlink()
            for heap, kept in zip((whole._worst, whole._best), heaps):
                for psnr, order, example in kept:
                    _enter(heap, whole.count, (psnr, order - whole.seen, example))
            whole.seen += seen
    return whole


def _part(folder, rank):
    return folder / f".examples_{rank}"


def _enter(heap, count, item):
    if len(heap) < count:
        heapq.heappush(heap, item)
    elif item[:2] > heap[0][:2]:
        heapq.heapreplace(heap, item)


def make_example(record: dict, prediction: np.ndarray, truth: np.ndarray) -> Example:
    """Return the pictures of a sample, shrunk where they are longer than `LONGEST`; both: (3, H, W) RGB in [0, 1]."""
    error = np.abs(prediction - truth).mean(axis=0) * (255 / BRIGHTEST)
    height, width = truth.shape[1:]
    shrunk = max(1.0, max(height, width) / LONGEST)
    size = max(1, round(width / shrunk)), max(1, round(height / shrunk))
    levels = [_levels(_fitted(each.transpose(1, 2, 0), size)) for each in (prediction, truth)]
    colors = cv2.cvtColor(cv2.applyColorMap(_levels(_fitted(error, size)), COLORS), cv2.COLOR_BGR2RGB)
    return Example(record, *(encode_png(each) for each in (*levels, colors)), size, shrunk)


def error_colors(count: int = 9) -> list[str]:
    """Return colours of the error map for CSS, from no error to `BRIGHTEST`, at equal distances."""
    levels = np.linspace(0, 255, count).round().astype(np.uint8)
    return [f"#{red:02x}{green:02x}{blue:02x}" for blue, green, red in cv2.applyColorMap(levels, COLORS)[:, 0]]


def _fitted(pixels, size):
    if pixels.shape[1::-1] == size:
        return pixels
    return cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA)


def _levels(values):
    return np.clip(np.round(values * 255), 0, 255).astype(np.uint8)
