"""The pictures that compare: what stands where in them."""

from fractions import Fraction

import numpy as np
import pytest

from src.video.compare import Side, Slider
from src.video.moment import Moment
from tests.video.clips import picture

NAMES = ("source, 25 fps", "ifrnet_s, 50 fps")


def moment(width, height, time=Fraction(0)):
    held, made = picture(width, height), picture(width, height, 40)
    return Moment(time, made, held, held.astype(np.float32))


@pytest.mark.parametrize(("width", "height"), [(320, 180), (33, 17), (1, 1), (1280, 720)])
def test_both_pictures_stand_whole_beside_each_other_under_their_names(width, height):
    draw = Side(width, height, NAMES)
    shown = draw(moment(width, height))
    assert shown.shape == (draw.size[1], draw.size[0], 3) and shown.dtype == np.uint8
    assert draw.size[0] % 2 == draw.size[1] % 2 == 0
    label = shown.shape[0] - height - height % 2
    half = draw.size[0] // 2
    for column, expected in ((0, picture(width, height)), (half, picture(width, height, 40))):
        left = column + (half - width) // 2
        np.testing.assert_array_equal(shown[label : label + height, left : left + width], expected)
        assert (shown[:label, column : column + half].max(axis=2) > 150).sum() > 60, "a name is written above"


def line_and_sides(width, height, time):
    draw = Slider(width, height, NAMES)
    shown = draw(moment(width, height, time))
    label, left = shown.shape[0] - height - height % 2, (draw.size[0] - width) // 2
    frame = shown[label : label + height, left : left + width]
    return draw.line_at(time), frame


@pytest.mark.parametrize("time", [Fraction(0), Fraction(1), Fraction(5, 2), Fraction(3), Fraction(100, 7)])
def test_left_of_the_line_is_the_source_and_right_of_it_the_result(time):
    line, frame = line_and_sides(320, 181, time)
    np.testing.assert_array_equal(frame[:, : line - 4], picture(320, 181)[:, : line - 4])
    np.testing.assert_array_equal(frame[:, line + 4 :], picture(320, 181, 40)[:, line + 4 :])
    assert (frame[:, line] > 200).all()


def test_the_line_goes_over_the_frame_there_and_back():
    draw = Slider(400, 100, NAMES)
    places = [draw.line_at(Fraction(step, 25)) for step in range(101)]
    assert places[0] == places[50] == places[100] == 200
    assert max(places) == places[25] == 384 and min(places) == places[75] == 16
    assert np.abs(np.diff(places)).max() < 15


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (10000, 16)])
def test_a_frame_of_any_size_is_drawn(size):
    line, frame = line_and_sides(*size, Fraction(1, 3))
    assert frame.shape[:2] == size[::-1] and 0 <= line <= size[0]


def test_the_pictures_given_are_left_as_they_are():
    given = moment(64, 48)
    made, held = given.made.copy(), given.held.copy()
    Slider(64, 48, NAMES)(given), Side(64, 48, NAMES)(given)
    assert (given.made == made).all() and (given.held == held).all()
