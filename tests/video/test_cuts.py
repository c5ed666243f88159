"""Hard cuts are found, and motion, noise and changes of light are not taken for them."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from src.data.clips import read_clip
from src.video.cuts import cut_score, in_scenes, is_cut
from src.video.reader import open_source
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


def scenes_of(frames, **options):
    timed = ((Fraction(index, 25), frame) for index, frame in enumerate(frames))
    return [placed.scene for placed in in_scenes(timed, **options)]


def cuts_of(frames):
    scenes = scenes_of(frames)
    return [index for index in range(1, len(scenes)) if scenes[index] != scenes[index - 1]]


def test_every_frame_is_passed_on_in_order_with_its_scene():
    frames = moving_frames(4, (3, 1), seed=1) + moving_frames(3, (-2, 4), seed=2)
    timed = [(Fraction(index, 25), frame) for index, frame in enumerate(frames)]
    placed = list(in_scenes(iter(timed)))
    assert [(each.time, each.scene) for each in placed] == [(time, int(i > 3)) for i, (time, _) in enumerate(timed)]
    assert all(each.pixels is frame for each, frame in zip(placed, frames))
    assert scenes_of(frames, find_cuts=False) == [0] * 7
    assert [scenes_of(frames[:count]) for count in (0, 1, 2)] == [[], [0], [0, 0]]


def test_a_flash_is_no_cut_but_a_scene_of_one_frame_has_two():
    frames = moving_frames(9, (2, 1), seed=1)
    white = np.full_like(frames[0], 255)
    assert cut_places([frames[3], white]) == [0]
    assert cuts_of([*frames[:4], white, *frames[5:]]) == []
    assert cuts_of([white, *frames]) == [1] and cuts_of([*frames, white]) == [9]
    other, third = moving_frames(1, (0, 0), seed=5)[0], moving_frames(4, (1, 1), seed=7)
    assert cuts_of([*frames, other, *third]) == [9, 10]


def test_a_steady_change_of_light_is_no_cut_and_a_cut_after_it_is():
    fade = [np.full((36, 64, 3), level, np.uint8) for level in range(10, 250, 25)]
    assert len(cut_places(fade)) > 5 and cuts_of(fade) == cuts_of(fade[::-1]) == []
    assert cuts_of([*fade, *moving_frames(3, (1, 1), seed=1, size=(36, 64))]) == [10]


def faded(first, second, count):
    shares = [(step + 1) / (count + 1) for step in range(count)]
    return [np.rint((1 - share) * first + share * second).astype(np.uint8) for share in shares]


def generated_film(seed):
    """Scenes that move, stand still, turn dark or bright, flash, or are dissolved; and where the hard cuts are."""
    rng = np.random.default_rng(seed)
    frames, cuts = [], []
    for number in range(40):
        step = tuple(int(value) for value in rng.integers(-7, 8, 2))
        scene = moving_frames(int(rng.integers(6, 14)), step, seed=1000 * seed + number)
        kind = rng.integers(6)
        if kind == 1:
            scene = [scene[0]] * len(scene)
        elif kind == 2:
            scene = [(frame * (1 - 0.7 * index / len(scene))).astype(np.uint8) for index, frame in enumerate(scene)]
        elif kind == 3:
            scene[3] = np.full_like(scene[3], rng.integers(220, 256))
        elif kind == 4:
            scene = [frame for frame in scene for _ in range(2)]
        noise = rng.normal(0, 4, (len(scene), *scene[0].shape))
        scene = list(np.clip(np.array(scene) + noise, 0, 255).astype(np.uint8))
        if frames and kind == 5:
            frames += faded(frames[-1].astype(float), scene[0].astype(float), 9)
        elif frames:
            cuts.append(len(frames))
        frames += scene
    return frames, cuts


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_precision_and_recall_on_generated_films(seed):
    frames, true = generated_film(seed)
    found = cuts_of(frames)
    hits = len(set(found) & set(true))
    assert len(true) > 25 and hits >= 0.95 * len(found) and hits >= 0.95 * len(true)


def test_cuts_of_the_real_film_at_its_own_size():
    path = CLIPS / "bikes.mp4"
    if not path.exists():
        pytest.skip("bikes.mp4 is not here")
    assert cuts_of(open_source(str(path)).frames()) == [30, 76, 137, 187, 242]
