"""A distance of two pictures, as a Cell, asked in NumPy."""

from __future__ import annotations

import numpy as np


class GraphDistance:
    """Callable around a Cell that maps two batches of pictures, (B, 3, H, W), to one number."""

    def __init__(self, network):
        self.network = network.set_train(False)

    def __call__(self, prediction: np.ndarray, truth: np.ndarray) -> float:
        """Return the distance of two (3, H, W) pictures in [0, 1]."""
        from mindspore import Tensor

        pictures = (Tensor(np.ascontiguousarray(each[None], np.float32)) for each in (prediction, truth))
        return float(self.network(*pictures).asnumpy())
