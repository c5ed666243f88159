"""Weights that only know the middle: cascaded for powers of two, refused for anything else."""

from fractions import Fraction
from itertools import chain

import numpy as np
import pytest

from src.errors import UsageError
from src.video.cascade import Cascade, for_parts
from src.video.pipeline import interpolate
from src.video.timeline import Multiplied
from tests.video.clips import Average, flat_frames, placed


class Middle(Average):
    """Knows the middle only, whatever time it is asked for."""

    timestep = "fixed"

    def __call__(self, frames, times):
        assert list(times) == [0.5]
        return super().__call__(frames, times)


@pytest.mark.parametrize("multi", [2, 4, 8])
def test_powers_of_two_are_halved_down_to_the_right_times(multi):
    frames = placed(flat_frames([0, 160], 5, 3))
    made = chain.from_iterable(interpolate(frames, Middle(), Multiplied(multi, Fraction(25))))
    assert [int(frame[0, 0, 0]) for _, frame in made] == [160 * step // multi for step in range(multi + 1)]


@pytest.mark.parametrize("multi", [3, 6, 12])
def test_other_factors_are_refused_before_the_first_frame(multi):
    with pytest.raises(UsageError, match=f"power of two .*; got n/{multi}"):
        interpolate(iter([]), Middle(), Multiplied(multi, Fraction(25)))


@pytest.mark.parametrize("halvings", [4, 5])
def test_other_times_are_the_nearest_of_the_halved_ones_and_all_differ(halvings):
    frames, steps = placed(flat_frames([0, 192], 5, 3)), 2**halvings
    made = chain.from_iterable(interpolate(frames, Middle(), Multiplied(12, Fraction(25)), halvings=halvings))
    levels = [int(frame[0, 0, 0]) for _, frame in made]
    assert levels == [round(round(step / 12 * steps) * 192 / steps) for step in range(13)]
    assert len(set(levels)) == 13


def test_too_few_halvings_are_refused_with_the_number_that_is_enough():
    with pytest.raises(UsageError, match="cascade 4 takes the nearest times of n/16; got n/12"):
        interpolate(iter([]), Middle(), Multiplied(12, Fraction(25)), halvings=3)
    with pytest.raises(UsageError, match="the rate times one; got times of any kind"):
        for_parts(Middle(), None, halvings=6)


def test_the_times_nearest_to_a_frame_of_the_source_are_not_that_frame():
    frames = np.stack([np.zeros((3, 2, 2)), np.ones((3, 2, 2))]).astype(np.float32)
    assert Cascade(Middle(), 2)(frames, [0.01, 0.99])[:, 0, 0, 0].tolist() == [0.25, 0.75]


def test_each_frame_is_predicted_once():
    calls = []

    class Counting(Middle):
        def __call__(self, frames, times):
            calls.append(times)
            return super().__call__(frames, times)

    Cascade(Counting())(np.zeros((2, 3, 4, 4), np.float32), [step / 8 for step in range(1, 8)])
    assert len(calls) == 7


def test_weights_that_know_every_time_are_asked_directly():
    predictor = Average()
    assert for_parts(predictor, 3) is predictor and for_parts(predictor, None) is predictor


class Thirds(Average):
    """Makes the three frames between the middle two of four."""

    inputs, outputs, timestep = 4, 3, "fixed"


def test_a_network_of_several_outputs_is_asked_for_their_times_only():
    assert for_parts(Thirds(), 4).__class__ is for_parts(Thirds(), 2).__class__ is Thirds
    for parts in (3, 8, None):
        with pytest.raises(UsageError, match="times n/4"):
            for_parts(Thirds(), parts)


def test_a_cascade_of_batches_halves_all_samples_at_once():
    class Together(Middle):
        batch_size, given = 8, []

        def together(self, samples):
            self.given.append(len(samples))
            return [self(*sample) for sample in samples]

    noise = np.random.default_rng(1).random((3, 2, 3, 4, 5)).astype(np.float32)
    samples = [(noise[0], [0.25, 0.5, 0.75]), (noise[1], [0.75]), (noise[2], [0.125, 0.5])]
    predicted = Cascade(Together()).together(samples)
    for (frames, times), each in zip(samples, predicted):
        np.testing.assert_allclose(each, Average()(frames, times), atol=1e-6)
        np.testing.assert_array_equal(each, Cascade(Middle())(frames, times))
    assert Together.given == [3, 4, 1], "the middles, the middles of four halves, and that of one of their halves"
