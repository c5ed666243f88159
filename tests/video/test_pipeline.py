import gc
import weakref
from fractions import Fraction
from itertools import chain

import numpy as np
import pytest

from src.errors import UsageError
from src.video.cuts import in_scenes
from src.video.frames import Placed
from src.video.pipeline import Tally, interpolate, upscale
from src.video.timeline import Multiplied, Resampled
from tests.video.clips import Average, flat_frames, placed

RATE = Fraction(25)


def flat(made):
    return list(chain.from_iterable(made))


def multiplied(frames, predictor, multi, tally=None):
    return flat(interpolate(frames, predictor, Multiplied(multi, RATE), tally=tally))


def first_levels(made):
    return [int(frame[0, 0, 0]) for _, frame in made]


@pytest.mark.parametrize("multi", [2, 3, 8])
def test_predicted_frames_stand_between_untouched_sources_in_order(multi):
    sources = flat_frames([0, 120, 240], 7, 5)
    made = multiplied(placed(sources), Average(), multi)
    assert [time for time, _ in made] == [Fraction(step, 25 * multi) for step in range(2 * multi + 1)]
    assert all(made[index * multi][1] is source for index, source in enumerate(sources))
    assert first_levels(made) == [round(120 * step / multi) for step in range(2 * multi + 1)]
    assert all(frame.dtype == np.uint8 and frame.shape == (5, 7, 3) and frame.flags.c_contiguous for _, frame in made)


def test_channels_and_rows_keep_their_places():
    frame = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    np.testing.assert_array_equal(multiplied(placed([frame, frame]), Average(), 2)[1][1], frame)


class Fixed(Average):
    """Predicts the same values whatever it sees, one for each of four pixels."""

    def __init__(self, *values):
        self.values = np.array(values, np.float32)

    def __call__(self, frames, times):
        return np.broadcast_to(self.values, (1, 3, 1, 4))


def test_predictions_are_rounded_to_the_nearest_level_and_clipped():
    predictor = Fixed(-0.2, 1.2, 100.4 / 255, 100.6 / 255)
    middle = multiplied(placed(flat_frames([0, 255], 4, 1)), predictor, 2)[1][1]
    assert middle[0, :, 0].tolist() == [0, 255, 100, 101]


@pytest.mark.parametrize(("value", "unfit"), [(np.nan, 1), (np.inf, 1), (0.0, 1), (0.01, 0)])
def test_what_is_no_picture_is_replaced_by_the_nearest_frame_and_counted(value, unfit):
    tally = Tally()
    made = multiplied(placed(flat_frames([100, 200], 4, 1)), Fixed(*[value] * 4), 2, tally)
    assert first_levels(made) == [100, 100 if unfit else 3, 200]
    assert (tally.unfit, tally.predicted) == (unfit, 1)


def test_black_between_black_frames_is_a_picture():
    tally = Tally()
    multiplied(placed(flat_frames([0, 200], 4, 1)), Fixed(0, 0, 0, 0), 2, tally)
    assert tally.unfit == 0


ACROSS = {2: [10, 10, 200], 3: [10, 10, 200, 200], 4: [10, 10, 10, 200, 200]}


@pytest.mark.parametrize(("multi", "levels"), ACROSS.items())
def test_the_nearest_frame_stands_across_a_cut_and_times_stay(multi, levels):
    tally = Tally()
    frames = placed(flat_frames([10, 200, 220], 4, 4), scenes=[0, 1, 1])
    made = multiplied(frames, Average(), multi, tally)
    assert first_levels(made)[: multi + 1] == levels
    assert [time for time, _ in made] == [Fraction(step, 25 * multi) for step in range(2 * multi + 1)]
    assert (tally.cuts, tally.repeats, tally.predicted) == ([0.04], multi - 1, multi - 1)


def test_24_frames_become_60_at_their_exact_times():
    frames = placed(flat_frames(range(0, 240, 10), 3, 3), rate=24)
    timeline = Resampled(Fraction(60), Fraction(0), Fraction(24))
    made = flat(interpolate(frames, Average(), timeline, end=Fraction(1)))
    assert [time for time, _ in made] == [Fraction(step, 60) for step in range(60)]
    expected = np.minimum(np.arange(60) * 4, 230)
    assert np.abs(np.array(first_levels(made)) - expected).max() <= 0.5


def test_few_source_frames_are_in_memory_at_a_time():
    """Two that are interpolated and the one that tells whether the second is a flash."""
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
            yield Fraction(index, 25), frame
            del frame

    for _ in chain.from_iterable(interpolate(in_scenes(source()), Average(), Multiplied(2, RATE))):
        gc.collect(0)
        most = max(most, len(living))
    assert most <= 3


@pytest.mark.parametrize(("inputs", "scale"), [(2, 4), (3, 1)])
def test_a_network_of_another_kind_is_refused_before_the_first_frame(inputs, scale):
    predictor = Average()
    predictor.inputs, predictor.scale = inputs, scale
    with pytest.raises(UsageError, match=f"takes {inputs} at scale {scale}"):
        interpolate(iter([]), predictor, Multiplied(2, RATE))
    with pytest.raises(UsageError, match="takes 2 at scale 1"):
        upscale(iter([]), Average())


@pytest.mark.parametrize(("count", "made"), [(0, 0), (1, 1), (2, 4), (132, 394)])
def test_count_formula(count, made):
    assert Multiplied(3, RATE).count(count, Fraction(0), Fraction(0)) == made
    assert len(multiplied(placed(flat_frames([9] * count, 2, 2)), Average(), 3)) == made


class Levels:
    """Looks at a window, notes its levels, and returns frames of the level in the middle, enlarged."""

    outputs, timestep = 1, "fixed"

    def __init__(self, inputs, scale):
        self.inputs, self.scale = inputs, scale
        self.seen = []

    def __call__(self, frames, times):
        self.seen.append([int(round(float(frame.mean()) * 255)) for frame in frames])
        middle = frames[self.inputs // 2].repeat(self.scale, axis=1).repeat(self.scale, axis=2)
        return np.stack([middle for _ in times])


def test_four_frames_are_looked_at_and_the_ends_are_mirrored():
    predictor = Levels(4, 1)
    multiplied(placed(flat_frames([10, 20, 30, 40], 2, 2)), predictor, 2)
    assert predictor.seen == [[20, 10, 20, 30], [10, 20, 30, 40], [20, 30, 40, 30]]


def test_two_frames_are_enough_for_a_network_of_four():
    predictor = Levels(4, 1)
    assert len(multiplied(placed(flat_frames([10, 20], 2, 2)), predictor, 2)) == 3
    assert predictor.seen == [[20, 10, 20, 10]]


def test_every_frame_is_enlarged_from_those_around_it():
    predictor = Levels(5, 4)
    made = flat(upscale(placed(flat_frames([10, 20, 30, 40], 3, 2)), predictor))
    assert first_levels(made) == [10, 20, 30, 40] and all(frame.shape == (8, 12, 3) for _, frame in made)
    assert predictor.seen == [[30, 20, 10, 20, 30], [20, 10, 20, 30, 40], [10, 20, 30, 40, 30], [20, 30, 40, 30, 20]]


def test_a_window_does_not_look_into_another_scene():
    predictor = Levels(5, 4)
    tally = Tally()
    flat(upscale(placed(flat_frames([10, 20, 30, 40], 2, 2), scenes=[0, 0, 1, 2]), predictor, tally))
    assert predictor.seen == [[10, 20, 10, 20, 10], [20, 10, 20, 10, 20], [30] * 5, [40] * 5]
    assert tally.cuts == [0.08, 0.12]


def test_an_enlarged_frame_that_is_no_picture_is_replaced():
    class Nothing(Levels):
        def __call__(self, frames, times):
            return super().__call__(frames, times) * np.nan

    tally = Tally()
    made = flat(upscale([Placed(np.full((2, 3, 3), 70, np.uint8), Fraction(0))], Nothing(5, 4), tally))
    assert made[0][1].shape == (8, 12, 3) and (made[0][1] == 70).all() and tally.unfit == 1


@pytest.mark.parametrize("skip", [0, 1, 3, 4, 9])
def test_what_is_done_elsewhere_is_neither_made_nor_counted(skip):
    class Counting(Average):
        count = 0

        def __call__(self, frames, times):
            self.count += 1
            return super().__call__(frames, times)

    frames = placed(flat_frames([10, 20, 200, 210], 2, 2), scenes=[0, 0, 1, 1])
    whole = [list(part) for part in interpolate(frames, Average(), Multiplied(3, RATE))]
    predictor, tally = Counting(), Tally()
    rest = [list(part) for part in interpolate(frames, predictor, Multiplied(3, RATE), tally=tally, skip=skip)]
    assert [len(part) for part in rest] == [len(part) * (index >= skip) for index, part in enumerate(whole)]
    for part, same in zip(rest[skip:], whole[skip:]):
        assert all(a[0] == b[0] and (a[1] == b[1]).all() for a, b in zip(part, same))
    assert tally.cuts == [0.08] * (skip < 2) and predictor.count == {0: 2, 1: 1, 3: 0}.get(skip, 0)
    larger = [list(part) for part in upscale(frames, Levels(5, 4), skip=skip)]
    assert [len(part) for part in larger] == [int(index >= skip) for index in range(4)]
