"""Pictures of FFmpeg as arrays of full planes, and its scale filter, which brings them into that form."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

EXACT = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"


class Conversion:
    """A scale filter that keeps the size; its graph is built for the first frame and again when the format changes."""

    def __init__(self, pixel_format: str, arguments: str):
        self._pixel_format = pixel_format
        self._arguments = f"{EXACT}:{arguments}"
        self._built_for = None
        self._graph = None

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
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


def read_planes(frame: av.VideoFrame) -> np.ndarray:
    """Return a frame of planes of one size, 8 to 16 bits, as (H, W, 1 or 3) uint16 in their order, without alpha."""
    return np.stack([_view(plane, frame) for plane in frame.planes[:3]], axis=-1).astype(np.uint16, copy=False)


def write_planes(planes: np.ndarray, pixel_format: str) -> av.VideoFrame:
    """Return (H, W, 3) uint16 as a frame of three planes of one size, in the order that the format gives them."""
    height, width, _ = planes.shape
    frame = av.VideoFrame(width, height, pixel_format)
    for index, plane in enumerate(frame.planes):
        _view(plane, frame)[...] = planes[..., index]
    return frame


def _view(plane, frame):
    kind = np.dtype(np.uint8 if frame.format.components[0].bits == 8 else "<u2")
    rows = np.frombuffer(plane, kind).reshape(plane.height, plane.line_size // kind.itemsize)
    return rows[:, : plane.width]
