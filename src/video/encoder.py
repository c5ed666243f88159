"""Frames become the packets of a video."""

from __future__ import annotations

import os
from fractions import Fraction

import av
import numpy as np

from src.errors import EnvironmentFault
from src.video.codecs import CHOSEN, CODECS, Coding, Encoder, choose_encoder, container_format, offer, yuv_format
from src.video.color import FULL_RANGE, RGB, FromRgb, bits_of, is_rgb
from src.video.progress import note
from src.video.publish import is_video_name
from src.video.reader import Source


class PictureEncoder:
    """Encodes frames with the tags and the pixel aspect of a source, into a stream that it adds to a container.

    Its packets count frames: their times are places in the order of presentation. They are the same whatever the
    container of a format, and begin anew with every encoder.
    """

    def __init__(
        self,
        container: av.container.OutputContainer,
        source: Source,
        rate: Fraction,
        size: tuple[int, int],
        coding: Coding,
    ):
        self._codec, encoder, bits = choose_encoder(container.format.name, coding, source.depth, size)
        self._made_for = (container.format.name, (self._codec,), source.depth, size)
        self._name = encoder.name
        self.reorder = encoder.reorder
        self.pixel_format = choose_pixel_format(encoder, bits, size, source.pixel_format)
        self._period = (1 / rate).limit_denominator(encoder.largest_denominator)
        self._convert = FromRgb(self.pixel_format, source.tags, size[1])
        self._count = 0
        for variable, value in encoder.environment:
            os.environ.setdefault(variable, value)
        self.stream = container.add_stream(
            encoder.name, rate=rate, options=encoder.settings(coding.number(self._codec), source.mastering)
        )
        context = self.stream.codec_context
        context.width, context.height = size
        context.pix_fmt = self.pixel_format
        context.time_base = self._period
        if encoder.film_tag and container.format.name in ("mp4", "mov"):
            context.codec_tag = encoder.film_tag
        keeps_rgb = is_rgb(self.pixel_format)
        context.colorspace = RGB if keeps_rgb else source.tags.matrix
        context.color_range = FULL_RANGE if keeps_rgb else source.tags.range
        context.color_primaries = source.tags.primaries
        context.color_trc = source.tags.transfer
        if source.aspect:
            context.sample_aspect_ratio = source.aspect

    def encode(self, frame: np.ndarray | None) -> list[av.Packet]:
        """Return the packets that one more (H, W, 3) uint8 or uint16 RGB frame completes; None ends the stream.

        Raises EnvironmentFault, naming other codecs that are there, when the encoder fails.
        """
        picture = None
        if frame is not None:
            picture = self._convert(frame)
            picture.time_base, picture.pts = self._period, self._count
            self._count += 1
        try:
            return self.stream.encode(picture)
        except MemoryError:
            raise
        except av.error.FFmpegError as error:
            raise EnvironmentFault(
                f"the encoder {self._name} failed at frame {self._count}: {error}{offer(*self._made_for)}"
            ) from error


def check_encoder(path: str, source: Source, coding: Coding, scale: int) -> None:
    """Tell in notes what the encoder does otherwise than asked for, or than the source is.

    Raises UsageError and EnvironmentFault as `choose_encoder` does: before any work is done for the result.
    """
    if not is_video_name(path):
        return
    container = container_format(path)
    size = (source.width * scale, source.height * scale)
    codec, encoder, bits = choose_encoder(container, coding, source.depth, size)
    coding.number(codec)
    first = CODECS[CHOSEN[container][0] if coding.codec == "auto" else coding.codec].encoders[0]
    if encoder is not first and not first.bits():
        note(f"the encoder {first.name} is missing; {encoder.name} is used")
    if source.mastering and not encoder.mastering:
        note(f"{source.path}: {encoder.name} does not take what is told of its mastering; it is left out")
    if source.depth > 8 and bits_of(source.pixel_format) > bits:
        note(f"{source.path}: {source.pixel_format} is reduced to the {bits} bits of {encoder.name}")


def encoder_facts(path: str, source: Source, coding: Coding, scale: int) -> str:
    """Return what makes the pictures of a result, in words: what it made on two occasions may be joined."""
    if not is_video_name(path):
        return "png"
    size = (source.width * scale, source.height * scale)
    _, encoder, bits = choose_encoder(container_format(path), coding, source.depth, size)
    version = ".".join(map(str, av.library_versions["libavcodec"]))
    return f"{encoder.name} of {bits} bits in libavcodec {version}"


def choose_pixel_format(encoder: Encoder, bits: int, size: tuple[int, int], source_format: str) -> str:
    """Return 4:2:0, which plays everywhere, or 4:4:4 for an odd size or a source of full chroma, as far as there is."""
    if encoder.rgb:
        return dict(encoder.rgb)[bits]
    names = {video_format.name for video_format in av.codec.Codec(encoder.name, "w").video_formats or ()}
    full_chroma = source_format.startswith(("yuv444", "yuvj444", "yuva444"))
    odd = any(side % 2 for side in size) and not encoder.odd_sizes
    order = (444, 420, 422) if full_chroma or odd else (420, 422, 444)
    return next(yuv_format(chroma, bits) for chroma in order if yuv_format(chroma, bits) in names)
