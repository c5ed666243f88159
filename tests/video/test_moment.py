"""What the source shows beside a frame of the result."""

import weakref
from fractions import Fraction

import numpy as np
import pytest

from src.video.frames import Placed
from src.video.moment import Watch
from tests import reference
from tests.video.clips import flat_frames, picture, placed


def watched(frames, scale=1, slow=1, scenes=None):
    watch = Watch(scale, slow)
    assert [frame.pixels is other for frame, other in zip(watch.passing(placed(frames, 25, scenes)), frames)]
    return watch


def levels(moment):
    return int(moment.held[0, 0, 0]), float(moment.blend[0, 0, 0])


@pytest.mark.parametrize("slow", [1, 3])
def test_the_source_is_held_and_its_neighbours_are_averaged_by_time(slow):
    watch = watched(flat_frames([0, 100, 200]), slow=slow)
    made = flat_frames([7])[0]
    seen = [levels(watch.moment(step // 4, slow * Fraction(step, 100), made)) for step in range(9)]
    assert [held for held, _ in seen] == [0, 0, 0, 0, 100, 100, 100, 100, 200]
    np.testing.assert_allclose([blend for _, blend in seen], np.arange(9) * 25, atol=1e-4)


def test_beside_a_cut_the_nearer_frame_stands_for_both():
    watch = watched(flat_frames([10, 200]), scenes=[0, 1])
    seen = [levels(watch.moment(0, Fraction(step, 100), flat_frames([0])[0])) for step in range(4)]
    assert seen == [(10, 10), (10, 10), (10, 10), (10, 200)]


def test_the_last_frame_stands_until_the_end():
    assert levels(watched(flat_frames([10, 60])).moment(1, Fraction(9), flat_frames([0])[0])) == (60, 60)


def test_a_smaller_source_is_enlarged_bicubically():
    frame = picture(24, 9)
    moment = watched([frame], scale=4).moment(0, Fraction(0), np.zeros((36, 96, 3), np.uint8))
    expected = reference.bicubic(frame.astype(np.float64).transpose(2, 0, 1)[None], (36, 96))[0].transpose(1, 2, 0)
    np.testing.assert_allclose(moment.blend, np.clip(expected, 0, 255), atol=0.01)
    assert moment.held.dtype == np.uint8 and np.abs(moment.held - moment.blend).max() <= 0.5


def test_frames_are_forgotten_once_the_result_has_passed_them():
    seen = []

    def frames():
        for index in range(50):
            pixels = picture(16, 12, index)
            seen.append(weakref.ref(pixels))
            yield pixels

    watch = Watch(1, 1)
    most = 0
    for index, frame in enumerate(watch.passing(placed_lazily(frames()))):
        if index:
            watch.moment(index - 1, frame.time - Fraction(1, 50), frame.pixels)
        del frame
        most = max(most, sum(alive() is not None for alive in seen))
    assert most <= 3


def placed_lazily(frames):
    return (Placed(frame, Fraction(index, 25)) for index, frame in enumerate(frames))
