"""Crops are made of no more than they show, and yet are those of the whole images."""

import numpy as np
import pytest

from src.data import COLUMNS
from src.data.augment import Changes, crop, scale
from src.data.datasets import find_entries
from src.data.flow_files import read_flow, write_flow
from src.data.samples import EntrySamples, read_window
from src.data.window import Window, to_columns
from src.errors import InputError
from tests.data.layouts import make

STILL = {"horizontal": 0, "vertical": 0, "reverse_time": 0, "transpose": 0, "permute_channels": 0}


def whole_then_cropped(entry, seed, index, ratio, size):
    """Enlarge and float everything, then cut: what a sample of no other change has to be."""
    images = read_window(entry, 2)
    window = Window(images.frames, images.targets, flow=np.concatenate([read_flow(file) for file in entry.flows]))
    rng = np.random.default_rng((seed, 7, index))
    rng.random()
    if ratio > 1:
        window = scale(window, tuple(ratio * side for side in window.frames[0].shape[1:]))
    h, w = window.frames[0].shape[1:]
    top, left = (int(rng.integers(full - side + 1)) for full, side in zip((h, w), size))
    return to_columns(crop(window, top, left, size), COLUMNS)


@pytest.mark.parametrize("ratio, size", [(1, (48, 32)), (1, (64, 64)), (2, (48, 32)), (2, (64, 64)), (2, (33, 31))])
def test_a_sample_is_a_crop_of_the_whole_enlarged_images_to_the_bit(tmp_path, ratio, size):
    folder = make("vimeo_triplet", tmp_path / "vimeo_triplet")
    entries = find_entries("vimeo_triplet", str(folder), "train")[:1]
    rng = np.random.default_rng(2)
    for file in entries[0].flows:
        write_flow(file, rng.normal(0, 9, (2, 64, 64)))
    changes = Changes(**STILL, enlarge=1.0 if ratio > 1 else 1e-12)
    source = EntrySamples(entries, COLUMNS, size, 24, 5, changes)
    for index in range(len(source)):
        for ours, expected in zip(source[index], whole_then_cropped(entries[0], 5, index, ratio, size)):
            np.testing.assert_array_equal(ours, expected)


def test_a_value_that_is_not_finite_is_refused_where_it_is_seen(tmp_path):
    folder = make("vimeo_triplet", tmp_path / "vimeo_triplet")
    entries = find_entries("vimeo_triplet", str(folder), "train")[:1]
    file = entries[0].flows[1]
    data = bytearray(file.read_bytes())
    data[-4:] = np.float32(np.nan).tobytes()
    file.write_bytes(bytes(data))
    with pytest.raises(InputError, match="flow_t1.flo: flow needs finite values; got 1 that"):
        EntrySamples(entries, COLUMNS, (64, 64), 1, 5)[0]
