import gc
import weakref

import numpy as np
import pytest

from src.errors import UsageError
from src.video.pipeline import interpolate, interpolated_count
from tests.video.clips import Average, flat_frames


@pytest.mark.parametrize("multi", [2, 3, 8])
def test_predicted_frames_stand_between_untouched_sources_in_order(multi):
    sources = flat_frames([0, 120, 240], 7, 5)
    made = list(interpolate(iter(sources), Average(), multi))
    assert len(made) == interpolated_count(3, multi) == 2 * multi + 1
    assert all(made[index * multi] is source for index, source in enumerate(sources))
    assert [int(frame[0, 0, 0]) for frame in made] == [round(120 * step / multi) for step in range(2 * multi + 1)]
    assert all(frame.dtype == np.uint8 and frame.shape == (5, 7, 3) and frame.flags.c_contiguous for frame in made)


def test_channels_and_rows_keep_their_places():
    frame = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    middle = list(interpolate([frame, frame], Average(), 2))[1]
    np.testing.assert_array_equal(middle, frame)


def test_predictions_are_rounded_to_the_nearest_level_and_clipped():
    class Fixed(Average):
        def __call__(self, frames, times):
            values = np.array([-0.2, 1.2, 100.4 / 255, 100.6 / 255], np.float32)
            return np.broadcast_to(values, (1, 3, 1, 4))

    middle = list(interpolate(flat_frames([0, 255], 4, 1), Fixed(), 2))[1]
    assert middle[0, :, 0].tolist() == [0, 255, 100, 101]


def test_two_source_frames_are_in_memory_at_a_time():
    living = weakref.WeakSet()
    most = 0

    class Frame(np.ndarray):
        """An array that a weak set can hold by identity."""

        __hash__ = object.__hash__
        __eq__ = object.__eq__

    def source():
        for index in range(50):
            frame = np.full((8, 8, 3), index, np.uint8).view(Frame)
            living.add(frame)
            yield frame
            del frame

    for _ in interpolate(source(), Average(), 2):
        gc.collect(0)
        most = max(most, len(living))
    assert most <= 2


@pytest.mark.parametrize(("inputs", "scale"), [(2, 4), (4, 1)])
def test_a_network_of_another_kind_is_refused_before_the_first_frame(inputs, scale):
    predictor = Average()
    predictor.inputs, predictor.scale = inputs, scale
    with pytest.raises(UsageError, match=f"takes {inputs} at scale {scale}"):
        interpolate(iter([]), predictor, 2)


@pytest.mark.parametrize(("count", "made"), [(0, 0), (1, 1), (2, 4), (132, 394)])
def test_count_formula(count, made):
    assert interpolated_count(count, 3) == made
    assert len(list(interpolate(flat_frames([9] * count, 2, 2), Average(), 3))) == made
