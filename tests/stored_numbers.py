"""Numbers of published networks under tests/stored: what is kept of a result, and how ours is compared with it."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from pathlib import Path

import numpy as np

STORED = Path(__file__).parent / "stored"
KEPT = 3000


def stored(file_name: str) -> dict[str, np.ndarray]:
    """Return every array of one file under tests/stored."""
    with np.load(STORED / file_name, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def kept_values(values: np.ndarray) -> np.ndarray:
    """Return the values that are stored of an array: all of a small one, evenly spaced ones of a larger one.

    The step shares no factor with the last two axes, so every row, column and channel is met.
    """
    values = np.asarray(values)
    step = -(-values.size // KEPT)
    extents = int(np.prod(values.shape[-2:])) if values.ndim > 1 else 1
    while gcd(step, extents) != 1:
        step += 1
    return values.reshape(-1)[::step]


def record(values: np.ndarray) -> dict[str, np.ndarray]:
    """Return what is stored of an array: its shape, its kept values, and mean and deviation over all values."""
    values = np.asarray(values, np.float32)
    whole = values.astype(np.float64)
    return {
        "shape": np.array(values.shape, np.int32),
        "values": kept_values(values),
        "moments": np.array([whole.mean(), whole.std()]),
    }


def assert_stored(ours: np.ndarray, numbers: Mapping[str, np.ndarray], name: str, absolute: float, relative: float = 0):
    """Compare an array with the record of that name: shape, kept values, mean and deviation."""
    ours = np.asarray(ours, np.float32)
    met = record(ours)
    assert ours.shape == tuple(numbers[f"{name}/shape"]), f"{name}: {ours.shape}"
    for part in ("values", "moments"):
        np.testing.assert_allclose(
            met[part], numbers[f"{name}/{part}"], rtol=relative, atol=absolute, err_msg=f"{name} ({part})"
        )
