"""False colours for what was invented, and the scale that they are read by."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from src.video.heatmap import Heatmap, colored
from src.video.moment import Moment
from tests.video.clips import picture


def mapped(width, height, difference, full=64):
    """Return the part of the heat map where the frame is, and what stands below it."""
    blend = np.full((height, width, 3), 100, np.float32)
    made = np.clip(blend + difference, 0, 255).astype(np.uint8)
    draw = Heatmap(width, height, "both neighbours averaged by time", full)
    shown = draw(Moment(Fraction(0), made, picture(width, height), blend))
    assert shown.shape == (draw.size[1], draw.size[0], 3) and draw.size[0] % 2 == draw.size[1] % 2 == 0
    left = (draw.size[0] - width) // 2
    return shown[:height, left : left + width], shown[height + height % 2 :]


def inferno(level):
    return cv2.applyColorMap(np.full((1, 1), level, np.uint8), cv2.COLORMAP_INFERNO)[0, 0, ::-1]


@pytest.mark.parametrize(("difference", "level"), [(0, 0), (32, 128), (-32, 128), (64, 255), (120, 255), (-16, 64)])
def test_the_colour_tells_the_difference_of_either_sign(difference, level):
    frame, _ = mapped(64, 48, np.full((48, 64, 3), difference))
    assert (frame == inferno(level)).all()


def test_the_difference_is_the_mean_over_the_channels_and_stands_where_it_is():
    difference = np.zeros((48, 64, 3))
    difference[10:20, 30:40] = (48, 0, 0)
    frame, _ = mapped(64, 48, difference)
    assert (frame[10:20, 30:40] == inferno(64)).all()
    frame[10:20, 30:40] = inferno(0)
    assert (frame == inferno(0)).all()


@pytest.mark.parametrize("size", [(1, 1), (33, 17), (640, 360), (1921, 1081)])
def test_the_scale_holds_all_colours_in_order_and_words_stand_below(size):
    _, legend = mapped(*size, np.zeros((size[1], size[0], 3)))
    line = legend.shape[0] // 4
    bar = legend[2 * line + line // 2, 2 * line : -2 * line]
    expected = colored(np.linspace(0, 1, len(bar), dtype=np.float32)[None])[0]
    np.testing.assert_array_equal(bar, expected)
    assert (bar[0] == inferno(0)).all() and (bar[-1] == inferno(255)).all()
    for rows in (slice(0, line), slice(line, 2 * line), slice(3 * line, 4 * line)):
        assert (legend[rows].min(axis=2) > 120).sum() > 20, "words or numbers"
