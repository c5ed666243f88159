"""Where frames come from: `open_source` tells a video file from a folder of images and checks it at once."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np

from src.errors import InputError
from src.video.color import ColorTags, ToRgb, is_rgb, tags_for_rgb
from src.video.images import FOLDER_RATE, IMAGE_SUFFIXES, open_folder
from src.video.media import DAMAGE, checked_packets, file_start, open_media, picture_stream, survey
from src.video.progress import note


class Source(Protocol):
    """Frames of one size at a constant rate, and what a writer needs to make the result look and sound the same."""

    path: str
    width: int
    height: int
    rate: Fraction  # frames per second
    start: Fraction  # seconds from the beginning of the file to its first frame
    count: int  # as the file tells; decoding may find a few more or less
    tags: ColorTags
    pixel_format: str
    aspect: Fraction | None  # of one pixel
    sound_path: str | None  # the file whose sound and subtitles go along

    def frames(self) -> Iterator[np.ndarray]: ...


@dataclass(frozen=True)
class VideoFile:
    """A video file; `quarter_turns` counter-clockwise make its frames upright, and `frames` has done them."""

    path: str
    width: int
    height: int
    rate: Fraction
    start: Fraction
    count: int
    tags: ColorTags
    pixel_format: str
    aspect: Fraction | None
    quarter_turns: int
    sound_path: str | None

    def frames(self) -> Iterator[np.ndarray]:
        """Decode frame after frame; raises InputError where the file is damaged or changes its size."""
        with open_media(self.path) as container:
            stream = picture_stream(container, self.path)
            stream.thread_type = "AUTO"
            convert = ToRgb(self.pixel_format, self.tags, stream.codec_context.height)
            pace = _Pace(self.path, self.rate)
            size = None
            for frame in _decoded(container, stream, self.path):
                size = size or (frame.width, frame.height)
                if (frame.width, frame.height) != size:
                    raise InputError(
                        f"{self.path}: frames need one size; the first is {size[0]}x{size[1]}, "
                        f"a later one {frame.width}x{frame.height}"
                    )
                pace.check(frame)
                yield np.ascontiguousarray(np.rot90(convert(frame), self.quarter_turns))


def open_source(path: str, needed: int = 2) -> Source:
    """Open a video file or a folder of images and check it as far as that goes without decoding it all.

    Raises InputError when it cannot be read, or holds fewer than `needed` frames.
    """
    if path.lower().endswith(IMAGE_SUFFIXES) and os.path.isfile(path):
        raise InputError(f"{path}: needs a video or a folder of images; got one image")
    source = open_folder(path) if os.path.isdir(path) else open_video(path, needed)
    if source.count < needed:
        raise InputError(f"{path}: needs at least {needed} frames, found {source.count}")
    return source


def open_video(path: str, needed: int = 1) -> VideoFile:
    """Read through a video file and decode its first frames; raises InputError when it is no video, or damaged."""
    surveyed = survey(path)
    with open_media(path) as container:
        stream = picture_stream(container, path)
        first = list(itertools.islice(_decoded(container, stream, path), needed))
        if len(first) < needed:
            raise InputError(f"{path}: needs at least {needed} frames, found {len(first)}")
        frame = first[0]
        _note_losses(path, container, stream, frame)
        turns = round(frame.rotation / 90) % 4
        upright = (frame.height, frame.width) if turns % 2 else (frame.width, frame.height)
        return VideoFile(
            path=path,
            width=upright[0],
            height=upright[1],
            rate=_rate(stream, surveyed),
            start=max(_time(frame, Fraction(0)) - file_start(container), Fraction(0)),
            count=max(surveyed.pictures, len(first)),
            tags=_tags(stream, frame),
            pixel_format=frame.format.name,
            aspect=_aspect(stream, turns),
            quarter_turns=turns,
            sound_path=path if container.streams.audio or container.streams.subtitles else None,
        )


def _decoded(container, stream, path):
    try:
        for packet in checked_packets(container, path, stream):
            for frame in packet.decode():
                if frame.is_corrupt:
                    raise InputError(f"{path}: is damaged at {float(_time(frame, Fraction(0))):.2f} s")
                yield frame
    except DAMAGE as error:
        raise InputError(f"{path}: cannot be decoded: {error}") from error


class _Pace:
    """Notices frames that do not come at the constant rate they will be written at."""

    def __init__(self, path, rate):
        self._path = path
        self._rate = rate
        self._expected = None

    def check(self, frame):
        if self._rate is None or frame.pts is None:
            return
        time = _time(frame, Fraction(0))
        expected = time if self._expected is None else self._expected
        if abs(time - expected) * self._rate > 2:
            note(f"{self._path}: has a variable frame rate; it is written at its average, {float(self._rate):.3f} fps")
            self._rate = None
            return
        self._expected = expected + 1 / self._rate


def _note_losses(path, container, stream, frame):
    if frame.interlaced_frame:
        note(f"{path}: is interlaced; its frames are taken as they are, without deinterlacing")
    if any(component.is_alpha for component in frame.format.components):
        note(f"{path}: the alpha channel is dropped")
    if any(component.bits > 8 for component in frame.format.components):
        note(f"{path}: {frame.format.name} is reduced to 8 bits")
    taken = (stream, *container.streams.audio, *container.streams.subtitles)
    left_out = [other.type for other in container.streams if other not in taken]
    if left_out:
        note(f"{path}: not taken over: {', '.join(left_out)} stream")


def _rate(stream, surveyed) -> Fraction:
    known = stream.average_rate or stream.guessed_rate
    if known:
        return Fraction(known)
    if surveyed.seconds > 0:
        return (surveyed.pictures / surveyed.seconds).limit_denominator(1001)
    return FOLDER_RATE


def _time(frame, otherwise) -> Fraction:
    return otherwise if frame.pts is None else frame.pts * Fraction(frame.time_base)


def _tags(stream, frame) -> ColorTags:
    if is_rgb(frame.format.name):
        return tags_for_rgb(frame.height)
    context = stream.codec_context
    return ColorTags(
        matrix=int(frame.colorspace),
        range=2 if frame.format.name.startswith("yuvj") else int(frame.color_range),
        primaries=int(context.color_primaries),
        transfer=int(context.color_trc),
    )


def _aspect(stream, turns) -> Fraction | None:
    aspect = stream.sample_aspect_ratio
    if not aspect:
        return None
    return 1 / Fraction(aspect) if turns % 2 else Fraction(aspect)
