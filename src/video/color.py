"""Between the YUV of video files and RGB, by the tags of the file.

The conversion goes through libswscale's filter with matrix and range always spelled out: left to itself it takes BT.601
limited range for whatever is not tagged, and PyAV's own `reformat` skips the conversion of range in some versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

UNSPECIFIED = 2
FULL_RANGE = 2
# ITU-T H.273 matrix coefficients, by the names that every version of the filter knows.
MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
EXACT = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"


@dataclass(frozen=True)
class ColorTags:
    """How a file says its YUV is to be read: the code points of ITU-T H.273, and 0 unknown, 1 limited, 2 full range."""

    matrix: int = UNSPECIFIED
    range: int = 0
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED


def matrix_code(tags: ColorTags, height: int) -> int:
    """Return the matrix to convert with: the tagged one, else BT.709 from 720 lines on and BT.601 below."""
    if tags.matrix in MATRICES:
        return tags.matrix
    return 1 if height >= 720 else 6


def tags_for_rgb(height: int) -> ColorTags:
    """Return the tags to write for frames that come from RGB: the usual matrix of that height, limited range."""
    return ColorTags(matrix=matrix_code(ColorTags(), height), range=1)


def is_rgb(pixel_format: str) -> bool:
    """Tell the formats that no matrix and no range apply to."""
    video_format = av.VideoFormat(pixel_format)
    return video_format.is_rgb or video_format.has_palette


class ToRgb:
    """Converts decoded frames of one file to (H, W, 3) uint8 RGB; an alpha plane is dropped, 10 bits become 8."""

    def __init__(self, pixel_format: str, tags: ColorTags, height: int):
        levels = {1: ":in_range=limited", 2: ":in_range=full"}.get(tags.range, "")
        levels = "" if is_rgb(pixel_format) else levels
        matrix = MATRICES[matrix_code(tags, height)]
        self._convert = _Conversion("rgb24", f"{EXACT}:in_color_matrix={matrix}{levels}:out_range=full")

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        return self._convert(frame).to_ndarray()


class FromRgb:
    """Converts (H, W, 3) uint8 RGB to frames of `pixel_format` with the matrix and the range of the tags."""

    def __init__(self, pixel_format: str, tags: ColorTags, height: int):
        levels = "full" if tags.range == FULL_RANGE else "limited"
        matrix = MATRICES[matrix_code(tags, height)]
        self._convert = _Conversion(pixel_format, f"{EXACT}:out_color_matrix={matrix}:out_range={levels}")

    def __call__(self, pixels: np.ndarray) -> av.VideoFrame:
        return self._convert(av.VideoFrame.from_ndarray(pixels, format="rgb24"))


class _Conversion:
    """A scale filter that keeps the size; its graph is built for the first frame and again when the format changes."""

    def __init__(self, pixel_format: str, arguments: str):
        self._pixel_format = pixel_format
        self._arguments = arguments
        self._built_for = None
        self._graph = None

    def __call__(self, frame):
        layout = (frame.format.name, frame.width, frame.height)
        if layout != self._built_for:
            self._graph, self._built_for = self._build(*layout), layout
        frame.pts = 0
        self._graph.push(frame)
        return self._graph.pull()

    def _build(self, pixel_format, width, height):
        graph = av.filter.Graph()
        chain = [
            graph.add_buffer(width=width, height=height, format=pixel_format, time_base=Fraction(1, 1)),
            graph.add("scale", self._arguments),
            graph.add("format", self._pixel_format),
            graph.add("buffersink"),
        ]
        for first, second in zip(chain, chain[1:]):
            first.link_to(second)
        graph.configure()
        return graph
