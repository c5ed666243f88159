"""Sliding windows: exact flow, motion as large as promised, determinism."""

import cv2
import numpy as np
import pytest

from src.data.shifts import GlobalShifts
from src.errors import InputError


def smooth_picture(height=90, width=120):
    noise = np.random.RandomState(1).rand(height, width, 3)
    return np.clip(255 * cv2.GaussianBlur(noise, (0, 0), 3) * 4 - 380, 0, 255).astype(np.uint8)


def warped(frame, flow):
    y, x = np.indices(flow.shape[1:], dtype=np.float32)
    moved = cv2.remap(frame.transpose(1, 2, 0), x + flow[0], y + flow[1], cv2.INTER_LINEAR)
    return moved.transpose(2, 0, 1)


@pytest.mark.parametrize("size", [(32, 48), (40, 40)])
def test_the_flow_fetches_the_target_from_both_frames(size):
    source = GlobalShifts([smooth_picture()], size, 12, seed=3, max_displacement=8)
    for index in range(12):
        frame0, frame1, time, target, flow = source[index]
        assert target.shape == (3, *size) and flow.shape == (4, *size) and float(time.reshape(-1)[0]) == 0.5
        inner = (slice(None), slice(5, -5), slice(5, -5))
        np.testing.assert_allclose(warped(frame0, flow[:2])[inner], target[inner], atol=0.02)
        np.testing.assert_allclose(warped(frame1, flow[2:])[inner], target[inner], atol=0.02)
        assert np.ptp(flow, axis=(1, 2)).max() == 0 and np.abs(flow).max() <= 4


def test_every_amount_of_motion_is_drawn():
    source = GlobalShifts([smooth_picture()], (32, 32), 200, seed=5, max_displacement=8)
    drawn = np.array([source[index][4][0, 0, 0] for index in range(200)])
    counts = np.histogram(drawn, bins=4, range=(-4, 4))[0]
    assert counts.min() > 25


def test_a_sample_depends_on_seed_and_index_alone():
    first, second = (GlobalShifts([smooth_picture()], (32, 32), 9, seed=2, max_displacement=6) for _ in range(2))
    for a, b in zip(first[7], second[7]):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[7][3], first[8][3])


def test_pictures_that_are_too_small_are_refused():
    with pytest.raises(InputError, match="at least 106 x 106"):
        GlobalShifts([smooth_picture()], (96, 96), 3, seed=1, max_displacement=8)
