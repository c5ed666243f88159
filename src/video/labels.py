"""Words on pictures that are made to be looked at: bands of text above or below a frame."""

from __future__ import annotations

import cv2
import numpy as np

FONT = cv2.FONT_HERSHEY_SIMPLEX
INK = (235, 235, 235)
PAPER = (24, 24, 24)
CAPITALS = 21  # pixels: their height at scale 1
LINE = 2.2  # of the height of capitals: that of a band


def band(texts: list[str], width: int, height: int) -> np.ndarray:
    """Return a (height, width, 3) uint8 picture with texts in equal columns, as large as all of them fit."""
    picture = blank(height, width)
    column = width // len(texts)
    scale = min(height / LINE / CAPITALS, *(_fitting(text, 0.94 * column) for text in texts))
    for index, text in enumerate(texts):
        write(picture, text, (index * column + column // 2, height // 2), scale)
    return picture


def write(picture: np.ndarray, text: str, centre: tuple[int, int], scale: float) -> None:
    """Draw a text with its middle at (x, y)."""
    thickness = max(round(2 * scale), 1)
    (wide, high), _ = cv2.getTextSize(text, FONT, scale, thickness)
    corner = (round(centre[0] - wide / 2), round(centre[1] + high / 2))
    cv2.putText(picture, text, corner, FONT, scale, INK, thickness, cv2.LINE_AA)


def blank(height: int, width: int) -> np.ndarray:
    """Return a dark (height, width, 3) uint8 picture."""
    return np.full((height, width, 3), PAPER, np.uint8)


def even(side: int) -> int:
    """Return a side that encoders with halved chroma take, not smaller."""
    return side + side % 2


def _fitting(text, width):
    return width / max(cv2.getTextSize(text, FONT, 1.0, 1)[0][0], 1)
