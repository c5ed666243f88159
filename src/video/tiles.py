"""Frames that are too large for the memory, predicted in overlapping tiles whose seams are faded into each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np

from src.errors import ResourceError
from src.runtime import Predictor, predict_together
from src.video.progress import note

# Pixels that neighbouring tiles share at least: networks that look for motion look far, those that enlarge do not.
OVERLAP = 96
OVERLAP_ENLARGING = 32
MULTIPLE = 32  # what sides of tiles divide by, so that networks need not pad them
# What the runtimes say when memory runs out; it comes as a RuntimeError of many kinds.
OUT_OF_MEMORY = ("out of memory", "memory not enough", "alloc", "not enough memory", "bad_alloc")


class Tiled:
    """`Predictor` that cuts frames into tiles of at most `tile` pixels a side, all of one size, and joins the results.

    Frames that fit into one tile are predicted whole; 0 never cuts. When memory runs out the tiles are halved, with a
    note, and the same frame is predicted again; ResourceError when the smallest do not fit either. `tile` is the side
    in use, `shrunk` how often it was halved. `batch_size` and `exact` are those of the predictor, the latter in tiles.
    """

    def __init__(self, predictor: Predictor, tile: int):
        self.predictor = predictor
        self.inputs, self.outputs = predictor.inputs, predictor.outputs
        self.scale, self.timestep = predictor.scale, predictor.timestep
        self.overlap = overlap_of(predictor.scale)
        self.tile = tile
        self.shrunk = 0
        self.batch_size = getattr(predictor, "batch_size", 1)
        exact = getattr(predictor, "exact", None)
        self.exact = exact and Tiled(exact, tile)

    def __call__(self, frames: np.ndarray, times: Sequence[float]) -> np.ndarray:
        return self.together([(frames, times)])[0]

    def together(self, samples: Sequence[tuple[np.ndarray, Sequence[float]]]) -> list[np.ndarray]:
        """Predict several samples, (frames, times) each, all of one size."""
        size = samples[0][0].shape[2:]
        while True:
            try:
                if self.tile and max(size) > self.tile:
                    return [self._joined(frames, times) for frames, times in samples]
                return predict_together(self.predictor, samples)
            except (MemoryError, RuntimeError) as error:
                if not _is_shortage(error):
                    raise
                self._shrink(size, error)

    def _shrink(self, size, error):
        now = min(self.tile or max(size), max(size))
        if now <= 2 * self.overlap:
            raise ResourceError(f"memory runs out with tiles of {now} pixels already: {error}") from error
        self.tile = max(_rounded_up(now // 2), 2 * self.overlap)
        self.shrunk += 1
        note(f"memory runs out; frames are predicted in tiles of {self.tile} pixels from here on")

    def _joined(self, frames, times):
        height, width = frames.shape[2:]
        rows, columns = (places(length, self.tile, self.overlap) for length in (height, width))
        shape = (len(times), 3, height * self.scale, width * self.scale)
        joined, weights = np.zeros(shape, np.float32), np.zeros(shape[2:], np.float32)
        for part, (top, bottom), (left, right) in self._parts(frames, times, list(product(rows, columns))):
            fade = np.outer(self._fade(top, bottom, height), self._fade(left, right, width))
            here = (slice(top * self.scale, bottom * self.scale), slice(left * self.scale, right * self.scale))
            joined[(..., *here)] += part * fade
            weights[here] += fade
        return joined / weights

    def _parts(self, frames, times, tiles):
        """Yield the prediction of each tile with its rows and columns."""
        for first in range(0, len(tiles), self.batch_size):
            group = tiles[first : first + self.batch_size]
            cut = [np.ascontiguousarray(frames[:, :, slice(*rows), slice(*columns)]) for rows, columns in group]
            made = predict_together(self.predictor, [(each, times) for each in cut])
            yield from ((part, *places) for part, places in zip(made, group))

    def _fade(self, first, last, length):
        """Return the weights along a side of a tile: nothing in the outer quarter of an overlap, all in the inner one.

        The outer quarter is where the network misses its surroundings most. Ends of the frame are no seams.
        """
        place = (np.arange((last - first) * self.scale, dtype=np.float32) + 0.5) / self.scale
        seams = ([place] if first else []) + ([last - first - place] if last < length else [])
        ramps = [(distance / self.overlap - 0.25) * 2 for distance in seams]
        return np.clip(np.min([np.ones_like(place), *ramps], axis=0), 1e-6, 1)


def overlap_of(scale: int) -> int:
    """Return the overlap for a network that makes frames so many times as large; tiles are twice as wide at least."""
    return OVERLAP if scale == 1 else OVERLAP_ENLARGING


def places(length: int, tile: int, overlap: int = OVERLAP) -> list[tuple[int, int]]:
    """Return (first, behind the last) of tiles of one size that cover a length and overlap by `overlap` at least."""
    if length <= tile:
        return [(0, length)]
    count = math.ceil((length - overlap) / (tile - overlap))
    firsts = [round(index * (length - tile) / (count - 1)) for index in range(count)]
    return [(first, first + tile) for first in firsts]


def _rounded_up(side):
    return -(-side // MULTIPLE) * MULTIPLE


def _is_shortage(error):
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in OUT_OF_MEMORY)
