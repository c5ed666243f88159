"""Where frames go: `open_sink` writes a video file or a folder of images, at a path that is not yet the final one."""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Protocol

import av
import numpy as np

from src.errors import EnvironmentFault
from src.video.clock import Grid, Timestamps
from src.video.codecs import AS_USUAL, Coding, container_format
from src.video.encoder import PictureEncoder
from src.video.images import encode_png
from src.video.media import file_address
from src.video.progress import note
from src.video.publish import is_video_name
from src.video.reader import Source
from src.video.streams import StreamCopy, written


class Piece(NamedTuple):
    """A packet of a video, `place` frames after the first one that was encoded with it; or an image."""

    data: bytes
    place: int
    key: bool


class Sink(Protocol):
    """Takes frames in presentation order; as a context manager it finishes the result, or lets go of it on an error.

    `write` encodes a frame shown at `time`; `join` takes those of some frames as `encoded_pieces` made them. A result
    is made by one of the two.
    """

    def write(self, frame: np.ndarray, time: Fraction | None = None) -> None: ...

    def join(self, times: list[Fraction], pieces: Iterable[Piece]) -> None: ...

    def __enter__(self) -> Sink: ...

    def __exit__(self, *failure) -> None: ...


@dataclass(frozen=True)
class Pace:
    """How the result runs: at `rate` frames per second, or by the frames' own times when that is None.

    Its time takes `slow` times as long as the source's; `stretch_sound` tells what then becomes of sound.
    """

    rate: Fraction | None
    slow: int = 1
    stretch_sound: bool = False


def open_sink(path: str, source: Source, pace: Pace, scale: int = 1, coding: Coding = AS_USUAL) -> Sink:
    """Return what writes the frames made of `source`, `scale` times its size, to `path`.

    Raises UsageError and EnvironmentFault as `choose_encoder` does.
    """
    if is_video_name(path):
        return VideoSink(path, source, pace, (source.width * scale, source.height * scale), coding)
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
        self._keep(encode_png(frame))

    def join(self, times: list[Fraction], pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            self._keep(piece.data)

    def _keep(self, data):
        (self._folder / f"{self._written:08d}.png").write_bytes(data)
        self._written += 1


class VideoSink:
    """Encodes frames as `PictureEncoder` does, and gives them their times; `copy` brings other streams along."""

    def __init__(self, path: str, source: Source, pace: Pace, size: tuple[int, int], coding: Coding):
        rate = pace.rate or source.rate
        self._clock = Grid(source.start * pace.slow, rate) if pace.rate else Timestamps(rate)
        self._joined = 0  # frames that `join` took
        self._container = av.open(file_address(path), "w", format=container_format(path))
        self._encoder = PictureEncoder(self._container, source, rate, size, coding)
        self._encoder.stream.time_base = self._clock.tick
        self.copy = None
        if source.sound_path:
            self.copy = StreamCopy(
                source.sound_path, self._container, path, pace.slow, pace.stretch_sound, source.period
            )

    def __enter__(self):
        return self

    def __exit__(self, kind, failure, trace):
        if kind is None:
            self._finish()
            return
        with contextlib.suppress(
            av.error.FFmpegError, OSError, EnvironmentFault
        ):  # the first failure is the one to tell
            self._close()

    def write(self, frame: np.ndarray, time: Fraction | None = None) -> None:
        self._clock.add(time)
        self._mux(self._encoder.encode(frame))

    def join(self, times: list[Fraction], pieces: Iterable[Piece]) -> None:
        for time in times:
            self._clock.add(time)
        self._mux(self._packet(order, piece) for order, piece in enumerate(pieces))
        self._joined += len(times)

    def _packet(self, order, piece):
        packet = av.Packet(piece.data)
        packet.pts, packet.dts = self._joined + piece.place, self._joined + order - self._encoder.reorder
        packet.is_keyframe = piece.key
        packet.stream = self._encoder.stream
        return packet

    def _mux(self, packets):
        tick = self._clock.tick
        for packet in packets:  # the encoder counts frames; its packets get the time of the result
            packet.duration = self._clock.ticks_at(packet.pts + 1) - self._clock.ticks_at(packet.pts)
            packet.pts, packet.dts = self._clock.ticks_at(packet.pts), self._clock.ticks_at(packet.dts)
            packet.time_base = tick
            if self.copy:
                self.copy.advance(packet.dts * tick)
            with written(self._container):
                self._container.mux(packet)

    def _finish(self):
        if not self._joined:
            self._mux(self._encoder.encode(None))
        if self.copy:
            self.copy.advance(None)
        self._close()

    def _close(self):
        if self.copy:
            self.copy.close()
        with written(self._container):
            self._container.close()


def encoded_pieces(
    path: str, source: Source, pace: Pace, scale: int, frames: Iterable[np.ndarray], coding: Coding = AS_USUAL
) -> list[Piece]:
    """Encode frames on their own, for a sink of the same path, source, pace, scale and coding to join."""
    if not is_video_name(path):
        return [Piece(encode_png(frame), index, True) for index, frame in enumerate(frames)]
    # never written: it only tells the encoder what the container of the result expects of it
    with av.open(io.BytesIO(), "w", format=container_format(path)) as container:
        size = (source.width * scale, source.height * scale)
        encoder = PictureEncoder(container, source, pace.rate or source.rate, size, coding)
        return [
            Piece(bytes(packet), packet.pts, packet.is_keyframe)
            for frame in itertools.chain(frames, [None])
            for packet in encoder.encode(frame)
        ]
