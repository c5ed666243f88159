"""The source and the result in one picture: beside each other, or on both sides of a line that moves."""

from __future__ import annotations

import math
from fractions import Fraction

import cv2
import numpy as np

from src.video.labels import INK, PAPER, band, blank, even
from src.video.moment import Moment

SLOWEST_TURN = 4  # seconds that the line takes to go there and back
REACH = 0.92  # of the way to the edges that it goes
NARROWEST = 240  # pixels of a picture, for labels that can be read
GAP = 4  # pixels between two pictures


class Side:
    """The source on the left, each of its frames held until the next, and the result on the right."""

    def __init__(self, width: int, height: int, names: tuple[str, str]):
        self._names = names
        self._column = max(width, NARROWEST) + GAP // 2
        self._width = width
        self._label = _label_height(2 * self._column)
        self._rows = slice(self._label, self._label + height)
        self.size = (2 * self._column, even(self._label + height))

    def __call__(self, moment: Moment) -> np.ndarray:
        canvas = blank(self.size[1], self.size[0])
        canvas[: self._label] = band(list(self._names), self.size[0], self._label)
        for column, picture in enumerate((moment.held, moment.made)):
            left = column * self._column + (self._column - self._width) // 2
            canvas[self._rows, left : left + self._width] = picture
        return canvas


class Slider:
    """The source on the left of a line that moves over the frame there and back, the result on its right."""

    def __init__(self, width: int, height: int, names: tuple[str, str]):
        self._names = names
        self._width = width
        total = even(max(width, 2 * NARROWEST))
        self._left = (total - width) // 2
        self._label = _label_height(total)
        self._rows = slice(self._label, self._label + height)
        self.size = (total, even(self._label + height))

    def __call__(self, moment: Moment) -> np.ndarray:
        line = self.line_at(moment.time)
        picture = moment.made.copy()
        picture[:, :line] = moment.held[:, :line]
        broad = max(self._width // 640, 1)
        cv2.rectangle(picture, (line - 2 * broad, 0), (line + 2 * broad - 1, picture.shape[0]), PAPER, -1)
        cv2.rectangle(picture, (line - broad, 0), (line + broad - 1, picture.shape[0]), INK, -1)
        canvas = blank(self.size[1], self.size[0])
        canvas[: self._label] = band([f"< {self._names[0]}", f"{self._names[1]} >"], self.size[0], self._label)
        canvas[self._rows, self._left : self._left + self._width] = picture
        return canvas

    def line_at(self, time: Fraction) -> int:
        """Return the column where the result begins: the middle at first, then right, left and back."""
        return round(self._width / 2 * (1 + REACH * math.sin(2 * math.pi * float(time) / SLOWEST_TURN)))


FORMS = {"side": Side, "slider": Slider}


def _label_height(width: int) -> int:
    return max(2 * (width // 60), 24)
