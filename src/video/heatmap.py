"""Where a network invented, and how much: how far its frames are from what takes no network."""

from __future__ import annotations

import cv2
import numpy as np

from src.video.labels import band, blank, even, write
from src.video.moment import Moment

COLORS = cv2.COLORMAP_INFERNO
NARROWEST = 480  # pixels, for a legend that can be read
MARKS = 4  # numbers of the scale besides 0


class Heatmap:
    """The absolute difference of the result to the reference of a moment, the mean of R, G and B, in false colours.

    The colours are linear from 0 to `full` levels of 255; what differs by more looks like `full`. Below the picture
    stand what it shows, and the scale.
    """

    def __init__(self, width: int, height: int, reference: str, full: int):
        self._width, self._height, self._full = width, height, full
        total = even(max(width, NARROWEST))
        line = max(2 * (total // 60), 20)
        self.size = (total, even(height) + 4 * line)
        self._canvas = blank(self.size[1], total)
        for place, text in enumerate((f"difference to {reference}", "mean over R, G, B, in levels of 0 to 255")):
            top = even(height) + place * line
            self._canvas[top : top + line] = band([text], total, line)
        self._canvas[-2 * line :] = _scale(total, line, full)

    def __call__(self, moment: Moment) -> np.ndarray:
        difference = np.abs(moment.made.astype(np.float32) - moment.blend).mean(axis=2)
        canvas = self._canvas.copy()
        left = (self.size[0] - self._width) // 2
        canvas[: self._height, left : left + self._width] = colored(difference / self._full)
        return canvas


def colored(share: np.ndarray) -> np.ndarray:
    """Return (H, W) from 0 to 1 as (H, W, 3) uint8 RGB; more than 1 is shown as 1."""
    levels = np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(levels, COLORS), cv2.COLOR_BGR2RGB)


def _scale(width, line, full):
    """Draw a bar of all colours with numbers below it, two lines high."""
    picture = blank(2 * line, width)
    margin = 2 * line
    bar = np.linspace(0, 1, width - 2 * margin, dtype=np.float32)
    picture[line // 4 : line, margin:-margin] = colored(np.broadcast_to(bar, (line - line // 4, len(bar))))
    for mark in range(MARKS + 1):
        text = f"{full * mark // MARKS}" + ("+" if mark == MARKS else "")
        write(picture, text, (margin + mark * (len(bar) - 1) // MARKS, 3 * line // 2), 0.5 * line / 21)
    return picture
