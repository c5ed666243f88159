"""Hard cuts are found, and motion, noise and changes of light are not taken for them."""

from pathlib import Path

import numpy as np
import pytest

from src.data.clips import read_clip
from src.data.cuts import cut_score, is_cut
from tests.data.moving_clip import moving_frames

CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips"


def cut_places(frames):
    return [i for i, (a, b) in enumerate(zip(frames[:-1], frames[1:])) if is_cut(a, b)]


def test_a_cut_between_two_moving_scenes_is_found_where_it_is():
    frames = moving_frames(6, (3, 1), seed=1) + moving_frames(6, (-2, 4), seed=2)
    assert cut_places(frames) == [5]


def test_motion_of_a_tenth_of_the_frame_is_no_cut():
    assert cut_places(moving_frames(8, (10, -6), seed=1)) == []


def test_noise_and_a_change_of_light_are_no_cut():
    frame = moving_frames(1, (0, 0), seed=1)[0]
    noisy = np.clip(frame + np.random.default_rng(0).normal(0, 12, frame.shape), 0, 255).astype(np.uint8)
    assert not is_cut(frame, noisy)
    assert not is_cut(frame, (frame * 0.93).astype(np.uint8))


def test_score_is_zero_for_equal_frames_one_for_opposite_ones_and_symmetric():
    black, white = np.zeros((20, 30, 3), np.uint8), np.full((20, 30, 3), 255, np.uint8)
    frame, other = moving_frames(2, (9, 9), seed=3)
    assert cut_score(frame, frame) == 0
    assert cut_score(black, white) == pytest.approx(1)
    assert cut_score(frame, other) == pytest.approx(cut_score(other, frame))


@pytest.mark.parametrize("name, expected", [("bikes.mp4", [29, 75, 136, 186, 241]), ("bigbuckbunny.mp4", [])])
def test_cuts_of_a_real_clip(name, expected):
    if not (CLIPS / name).exists():
        pytest.skip(f"{name} is not here")
    assert cut_places(read_clip(str(CLIPS / name), 90)) == expected
