"""Animation drawn on twos: what repeats the frame before is left out, noise or not; what moves stays."""

from fractions import Fraction
from itertools import chain

import numpy as np

from src.video.cuts import in_scenes
from src.video.duplicates import is_duplicate, without_duplicates
from src.video.pipeline import interpolate
from src.video.timeline import Resampled
from tests.video.clips import Average, flat_frames, picture


def timed(levels):
    return [(Fraction(index, 25), frame) for index, frame in enumerate(flat_frames(levels, 16, 8))]


def kept(levels, longest_gap=2):
    return [int(time * 25) for time, _ in without_duplicates(timed(levels), longest_gap)]


def test_noise_is_the_same_and_a_small_thing_that_moves_is_not():
    frame = picture(64, 48)
    noisy = np.clip(frame + np.random.default_rng(1).normal(0, 3, frame.shape), 0, 255).astype(np.uint8)
    moved = frame.copy()
    moved[20:24, 30:34] = 255 - moved[20:24, 30:34]
    assert is_duplicate(frame, frame) and is_duplicate(frame, noisy)
    assert not is_duplicate(frame, moved) and not is_duplicate(frame, picture(64, 48, 1))


def test_the_second_of_two_is_left_out_and_a_longer_run_is_not_all_swallowed():
    assert kept([10, 10, 50, 50, 90, 90, 130]) == [0, 2, 4, 6]
    assert kept([10, 10, 10, 10, 10, 90]) == [0, 2, 4, 5]
    assert kept([10, 50, 90]) == [0, 1, 2] and kept([]) == [] and kept([10]) == [0]


def test_the_last_frame_stays_in_any_case():
    assert kept([10, 50, 50]) == [0, 1, 2] and kept([10, 10]) == [0, 1]


def test_new_frames_stand_where_the_repeated_ones_were():
    frames = in_scenes(without_duplicates(timed([0, 0, 80, 80, 160, 160, 240]), 2))
    timeline = Resampled(Fraction(50), Fraction(0), Fraction(25), to_last_frame=True, longest_gap=2)
    made = list(chain.from_iterable(interpolate(frames, Average(), timeline)))
    assert [time for time, _ in made] == [Fraction(step, 50) for step in range(13)]
    assert [int(frame[0, 0, 0]) for _, frame in made] == list(range(0, 241, 20))
