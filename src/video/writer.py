"""Where frames go: `open_sink` writes a video file or a folder of images, at a path that is not yet the final one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import numpy as np

from src.errors import EnvironmentFault
from src.video.clock import Grid, Timestamps
from src.video.color import FromRgb
from src.video.images import write_image
from src.video.media import file_address
from src.video.progress import note
from src.video.publish import VIDEO_FORMATS, is_video_name
from src.video.reader import Source
from src.video.streams import StreamCopy


class Sink(Protocol):
    """Takes frames in presentation order; as a context manager it finishes the result, or lets go of it on an error."""

    def write(self, frame: np.ndarray, time: Fraction | None = None) -> None: ...

    def __enter__(self) -> Sink: ...

    def __exit__(self, *failure) -> None: ...


@dataclass(frozen=True)
class Encoder:
    """A video encoder with the settings of a visually lossless result."""

    name: str
    options: dict = field(default_factory=dict)
    odd_sizes: bool = False  # takes odd widths and heights with halved chroma
    largest_denominator: int = 2**31 - 1  # of a frame's duration in seconds


# libx265 is no second choice: builds without libx264 lack it too, and it ends the process at small or odd sizes.
ENCODERS = {
    "webm": (Encoder("libvpx-vp9", {"crf": "18", "b": "0", "cpu-used": "4", "row-mt": "1"}, odd_sizes=True),),
    "": (
        Encoder("libx264", {"crf": "16"}),
        Encoder("mpeg4", {"flags": "+qscale", "global_quality": "236"}, odd_sizes=True, largest_denominator=65535),
    ),
}


@dataclass(frozen=True)
class Pace:
    """How the result runs: at `rate` frames per second, or by the frames' own times when that is None.

    Its time takes `slow` times as long as the source's; `stretch_sound` tells what then becomes of sound.
    """

    rate: Fraction | None
    slow: int = 1
    stretch_sound: bool = False


def open_sink(path: str, source: Source, pace: Pace, scale: int = 1) -> Sink:
    """Return what writes the frames made of `source`, `scale` times its size, to `path`.

    Raises EnvironmentFault when no encoder for the container is there.
    """
    if is_video_name(path):
        return VideoSink(path, source, pace, (source.width * scale, source.height * scale))
    if source.companions:
        note("a folder of images holds no sound and no subtitles; they are left out")
    return ImageSink(path)


class ImageSink:
    """Writes `00000000.png`, `00000001.png`, ... into an existing folder."""

    copy = None

    def __init__(self, path: str):
        self._folder = Path(path)
        self._written = 0

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        pass

    def write(self, frame: np.ndarray, time: Fraction | None = None) -> None:
        write_image(self._folder / f"{self._written:08d}.png", frame)
        self._written += 1


class VideoSink:
    """Encodes frames with the tags and the pixel aspect of the source; `copy` brings its other streams along."""

    def __init__(self, path: str, source: Source, pace: Pace, size: tuple[int, int]):
        container_format = VIDEO_FORMATS[Path(path).suffix.lower()]
        encoder = find_encoder(container_format)
        pixel_format = choose_pixel_format(encoder, size, source.pixel_format)
        rate = pace.rate or source.rate
        self._clock = Grid(source.start * pace.slow, rate) if pace.rate else Timestamps(rate)
        self._period = (1 / rate).limit_denominator(encoder.largest_denominator)
        self._written = 0
        self._convert = FromRgb(pixel_format, source.tags, size[1])
        self._container = av.open(file_address(path), "w", format=container_format)
        self._stream = self._container.add_stream(encoder.name, rate=rate, options=dict(encoder.options))
        self._set_up(source, size, pixel_format)
        self.copy = None
        if source.sound_path:
            self.copy = StreamCopy(source.sound_path, self._container, path, pace.slow, pace.stretch_sound)

    def __enter__(self):
        return self

    def __exit__(self, kind, failure, trace):
        if kind is None:
            self._finish()
            return
        with contextlib.suppress(av.error.FFmpegError, OSError):  # the first failure is the one to tell
            self._close()

    def write(self, frame: np.ndarray, time: Fraction | None = None) -> None:
        self._clock.add(time)
        picture = self._convert(frame)
        picture.time_base, picture.pts = self._period, self._written
        self._written += 1
        self._mux(self._stream.encode(picture))

    def _set_up(self, source, size, pixel_format):
        context = self._stream.codec_context
        context.width, context.height = size
        context.pix_fmt = pixel_format
        context.time_base = self._period
        self._stream.time_base = self._clock.tick
        context.colorspace = source.tags.matrix
        context.color_range = source.tags.range
        context.color_primaries = source.tags.primaries
        context.color_trc = source.tags.transfer
        if source.aspect:
            context.sample_aspect_ratio = source.aspect

    def _mux(self, packets):
        tick = self._clock.tick
        for packet in packets:  # the encoder counts frames; its packets get the time of the result
            packet.duration = self._clock.ticks_at(packet.pts + 1) - self._clock.ticks_at(packet.pts)
            packet.pts, packet.dts = self._clock.ticks_at(packet.pts), self._clock.ticks_at(packet.dts)
            packet.time_base = tick
            if self.copy:
                self.copy.advance(packet.dts * tick)
            self._container.mux(packet)

    def _finish(self):
        self._mux(self._stream.encode(None))
        if self.copy:
            self.copy.advance(None)
        self._close()

    def _close(self):
        if self.copy:
            self.copy.close()
        self._container.close()


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
