"""Training data: random-access sources of samples, and their batches as a MindSpore dataset.

A sample is a tuple of float32 arrays; `columns` of its source names them. Those of `COLUMNS` are frame0 and frame1
(3, H, W), time (1, 1, 1), target (3, H, W), flow (4, H, W). Sources for networks of more inputs give frame0 to frameN
and a target of (3, H, W), of (times, 3, H, W) when several frames are predicted, or of (3, 4 H, 4 W) when they are
enlarged. Frames are RGB in [0, 1]; flow channels 0-1 point from the target to frame 0 and 2-3 from the target to frame
1, x before y, in pixels: target(p) ~ frame0(p + flow[0:2](p)).
"""

from __future__ import annotations

import contextlib
import os

import numpy as np

from src.errors import MindFramesError, UsageError

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of mallopt in malloc.h
COLUMNS = ("frame0", "frame1", "time", "target", "flow")


class Mixture:
    """Random-access source that draws every sample from one of `sources`, chosen by `weights` from (seed, index).

    Its length is that of the longest source; the chosen source is asked for a random index of its own.
    Raises UsageError when the weights do not fit the sources, or these differ in their columns.
    """

    def __init__(self, sources, weights, seed: int):
        self.sources = list(sources)
        weights = np.asarray(weights, np.float64)
        if not self.sources or weights.shape != (len(self.sources),) or (weights < 0).any() or weights.sum() <= 0:
            raise UsageError(
                f"a mixture needs one weight >= 0 a source, not all zero; got {len(self.sources)} sources "
                f"and weights {weights.tolist()}"
            )
        self.columns = tuple(self.sources[0].columns)
        if any(tuple(source.columns) != self.columns for source in self.sources):
            raise UsageError(f"sources of a mixture share their columns; got {[each.columns for each in self.sources]}")
        self.bounds = np.cumsum(weights / weights.sum())
        self.seed = int(seed)

    def __len__(self) -> int:
        return max(len(source) for source in self.sources)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        if not 0 <= index < len(self):
            raise IndexError(f"index lies in 0 to {len(self) - 1}; got {index}")
        rng = np.random.default_rng((self.seed, 4, int(index)))
        chosen = min(int(np.searchsorted(self.bounds, rng.random(), side="right")), len(self.sources) - 1)
        source = self.sources[chosen]
        return source[int(index) if len(source) == len(self) else int(rng.integers(len(source)))]


class _Selected:
    """The named columns of a source's samples, in the given order, from sample `start` on."""

    def __init__(self, source, columns, start: int):
        missing = [name for name in columns if name not in source.columns]
        if missing:
            raise UsageError(f"the objective needs the columns {', '.join(missing)}; got {', '.join(source.columns)}")
        self.source, self.start = source, start
        self.places = [source.columns.index(name) for name in columns]

    def __len__(self) -> int:
        return len(self.source) - self.start

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        try:
            sample = self.source[self.start + int(index)]
        except MindFramesError as error:
            self.source.failure = error
            raise
        return tuple(sample[place] for place in self.places)


def _keep_freed_memory() -> None:
    """Have the C library hand freed arrays out again instead of returning them to the system.

    Every sample takes and frees megabytes; that their pages are mapped anew each time takes a tenth of its making.
    """
    import ctypes

    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # only glibc has it
        return
    set_option(M_MMAP_THRESHOLD, 32 << 20)
    set_option(M_TRIM_THRESHOLD, 256 << 20)


@contextlib.contextmanager
def plain_errors(source):
    """Let what a source raised while MindSpore read its samples come out as such, not as MindSpore's RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        failure = getattr(source, "failure", None)
        if failure is None:
            raise
        raise failure from error


def create_dataset(
    source, columns, batch_size: int, workers: int = 2, num_shards: int = 1, shard_id: int = 0, start: int = 0
):
    """Return a MindSpore dataset of full batches over the named columns of `source`, from its sample `start` on.

    Sources are random by index already, so nothing is shuffled: sample i belongs to shard i modulo num_shards. Workers
    are threads: OpenCV and NumPy leave the interpreter lock during their work, and processes would each hold a copy of
    the source; MindSpore takes no more of them than there are cores. Raises UsageError for a column that the source
    does not have.
    """
    import cv2
    import mindspore.dataset as ms_dataset

    if not 0 <= shard_id < num_shards:
        raise UsageError(f"shard_id lies in 0 to num_shards - 1 = {num_shards - 1}; got {shard_id}")
    cv2.setNumThreads(1)
    _keep_freed_memory()
    shards = {"num_shards": num_shards, "shard_id": shard_id} if num_shards > 1 else {}
    dataset = ms_dataset.GeneratorDataset(
        _Selected(source, columns, start), column_names=list(columns), shuffle=False, python_multiprocessing=False,
        num_parallel_workers=min(workers, os.cpu_count() or 1), **shards,
    )
    return dataset.batch(batch_size, drop_remainder=True)
