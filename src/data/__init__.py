"""Training data: random-access sources of samples, and their batches as a MindSpore dataset.

A sample is a tuple of float32 arrays in the order of `COLUMNS`: frame0 and frame1 (3, H, W), time (1, 1, 1),
target (3, H, W), flow (4, H, W). Frames are RGB in [0, 1]; flow channels 0-1 point from the target to frame 0 and
2-3 from the target to frame 1, x before y, in pixels: target(p) ~ frame0(p + flow[0:2](p)).
"""

from __future__ import annotations

import numpy as np

from src.errors import UsageError

COLUMNS = ("frame0", "frame1", "time", "target", "flow")


class Mixture:
    """Random-access source that draws every sample from one of `sources`, chosen by `weights` from (seed, index).

    Its length is that of the longest source; the chosen source is asked for a random index of its own.
    Raises UsageError when the weights do not fit the sources.
    """

    def __init__(self, sources, weights, seed: int):
        self.sources = list(sources)
        weights = np.asarray(weights, np.float64)
        if not self.sources or weights.shape != (len(self.sources),) or (weights < 0).any() or weights.sum() <= 0:
            raise UsageError(
                f"a mixture needs one weight >= 0 a source, not all zero; got {len(self.sources)} sources "
                f"and weights {weights.tolist()}"
            )
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


def create_dataset(source, batch_size: int, workers: int = 2, num_shards: int = 1, shard_id: int = 0):
    """Return a MindSpore dataset of full batches over `source`, columns named as in `COLUMNS`.

    Sources are random by index already, so nothing is shuffled. Workers are threads: OpenCV and NumPy leave the
    interpreter lock during their work, and processes would each hold a copy of the source.
    """
    import cv2
    import mindspore.dataset as ms_dataset

    if not 0 <= shard_id < num_shards:
        raise UsageError(f"shard_id lies in 0 to num_shards - 1 = {num_shards - 1}; got {shard_id}")
    cv2.setNumThreads(1)
    shards = {"num_shards": num_shards, "shard_id": shard_id} if num_shards > 1 else {}
    dataset = ms_dataset.GeneratorDataset(
        source, column_names=list(COLUMNS), shuffle=False, num_parallel_workers=workers, python_multiprocessing=False,
        **shards,
    )
    return dataset.batch(batch_size, drop_remainder=True)
