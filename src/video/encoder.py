"""Frames become the packets of a video: which encoder makes them, and how it is set."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from fractions import Fraction

import av
import numpy as np

from src.errors import EnvironmentFault
from src.video.color import FromRgb
from src.video.progress import note
from src.video.reader import Source


@dataclass(frozen=True)
class Encoder:
    """A video encoder with the settings of a visually lossless result."""

    name: str
    options: dict = field(default_factory=dict)
    odd_sizes: bool = False  # takes odd widths and heights with halved chroma
    reorder: int = 0  # frames that may be decoded before the one that is shown first
    largest_denominator: int = 2**31 - 1  # of a frame's duration in seconds


# libx265 is no second choice: builds without libx264 lack it too, and it ends the process at small or odd sizes.
ENCODERS = {
    "webm": (Encoder("libvpx-vp9", {"crf": "18", "b": "0", "cpu-used": "4", "row-mt": "1"}, odd_sizes=True),),
    "": (
        Encoder("libx264", {"crf": "16", "x264-params": "mbtree=0"}, reorder=2),  # with mbtree no two runs are alike
        Encoder("mpeg4", {"flags": "+qscale", "global_quality": "236"}, odd_sizes=True, largest_denominator=65535),
    ),
}


class PictureEncoder:
    """Encodes frames with the tags and the pixel aspect of a source, into a stream that it adds to a container.

    Its packets count frames: their times are places in the order of presentation. They are the same whatever the
    container of a format, and begin anew with every encoder.
    """

    def __init__(self, container: av.container.OutputContainer, source: Source, rate: Fraction, size: tuple[int, int]):
        encoder = find_encoder(container.format.name)
        self.reorder = encoder.reorder
        self.pixel_format = choose_pixel_format(encoder, size, source.pixel_format)
        self._period = (1 / rate).limit_denominator(encoder.largest_denominator)
        self._convert = FromRgb(self.pixel_format, source.tags, size[1])
        self._count = 0
        self.stream = container.add_stream(encoder.name, rate=rate, options=dict(encoder.options))
        context = self.stream.codec_context
        context.width, context.height = size
        context.pix_fmt = self.pixel_format
        context.time_base = self._period
        context.colorspace = source.tags.matrix
        context.color_range = source.tags.range
        context.color_primaries = source.tags.primaries
        context.color_trc = source.tags.transfer
        if source.aspect:
            context.sample_aspect_ratio = source.aspect

    def encode(self, frame: np.ndarray | None) -> list[av.Packet]:
        """Return the packets that one more (H, W, 3) uint8 RGB frame completes; None ends the stream."""
        if frame is None:
            return self.stream.encode(None)
        picture = self._convert(frame)
        picture.time_base, picture.pts = self._period, self._count
        self._count += 1
        return self.stream.encode(picture)


def find_encoder(container_format: str) -> Encoder:
    """Return the first encoder for the container that this build of FFmpeg has, with a note when others are missing."""
    candidates = ENCODERS.get(container_format, ENCODERS[""])
    for encoder in candidates:
        with contextlib.suppress(av.codec.codec.UnknownCodecError):
            av.codec.Codec(encoder.name, "w")
            if encoder is not candidates[0]:
                note(f"the encoder {candidates[0].name} is missing; {encoder.name} is used")
            return encoder
    names = ", ".join(encoder.name for encoder in candidates)
    raise EnvironmentFault(f"needs one of the encoders {names} for {container_format}; the installed FFmpeg has none")


def choose_pixel_format(encoder: Encoder, size: tuple[int, int], source_format: str) -> str:
    """Return yuv420p, which plays everywhere, or yuv444p for an odd size or a source of full chroma."""
    names = {video_format.name for video_format in av.codec.Codec(encoder.name, "w").video_formats or ()}
    full_chroma = source_format.startswith(("yuv444", "yuvj444"))
    odd = any(side % 2 for side in size) and not encoder.odd_sizes
    return "yuv444p" if "yuv444p" in names and (full_chroma or odd) else "yuv420p"
