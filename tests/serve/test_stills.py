"""Frames of a source and of its result, at the same moments."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from src.serve.stills import Stills
from tests.video.clips import flat_frames, gray_levels, write_at, write_clip


def level(stills, number, side):
    picture = cv2.imdecode(np.frombuffer(stills.png(number, side), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (32, 48, 3)
    return float(picture.mean())


@pytest.mark.parametrize("slow", [1, 2])
def test_new_frames_are_chosen_and_stand_beside_what_the_source_showed(tmp_path, slow):
    source = write_clip(tmp_path / "source.mkv", flat_frames(gray_levels(10)), 10, start=Fraction(1, 2))
    path = tmp_path / "result.mp4"
    result = write_clip(path, flat_frames(gray_levels(19, step=10)), Fraction(20, slow), start=slow * Fraction(1, 2))
    stills = Stills(str(source), str(result), slow)
    assert stills.count == 9
    for number in range(9):
        np.testing.assert_allclose(level(stills, number, "before"), 40 + 20 * number, atol=2.5)
        np.testing.assert_allclose(level(stills, number, "after"), 50 + 20 * number, atol=2.5)


def test_times_that_are_not_even_are_kept(tmp_path):
    source = write_at(tmp_path / "source.mp4", flat_frames(gray_levels(3)), (0, 40, 1000))
    result = write_at(tmp_path / "result.mp4", flat_frames(gray_levels(5, step=10)), (0, 20, 40, 520, 1000))
    stills = Stills(str(source), str(result), 1)
    pairs = [(level(stills, number, "before"), level(stills, number, "after")) for number in range(stills.count)]
    np.testing.assert_allclose(pairs, [(40, 40), (40, 50), (60, 60), (60, 70), (80, 80)], atol=2.5)


def test_files_without_timestamps_are_counted_through(tmp_path):
    source = write_clip(tmp_path / "source.h264", flat_frames(gray_levels(4)))
    result = write_clip(tmp_path / "result.mp4", flat_frames(gray_levels(4)))
    stills = Stills(str(source), str(result), 1)
    for number in range(4):
        np.testing.assert_allclose(level(stills, number, "before"), level(stills, number, "after"), atol=2.5)


def test_there_are_no_more_moments_than_frames(tmp_path):
    path = write_clip(tmp_path / "one.mp4", flat_frames([100]))
    stills = Stills(str(path), str(path), 1)
    assert stills.count == 1 and abs(level(stills, 0, "before") - 100) < 2.5
    with pytest.raises(IndexError):
        stills.png(1, "after")
