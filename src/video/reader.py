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
from src.video.color import ColorTags, ToRgb, bits_of, is_rgb, tags_for_rgb
from src.video.frames import chosen_depth
from src.video.images import FOLDER_RATE, IMAGE_SUFFIXES, open_folder
from src.video.mastering import Mastering, changing_metadata, read_mastering
from src.video.media import (
    DAMAGE,
    DECLARING_FORMATS,
    Period,
    checked_packets,
    file_start,
    open_media,
    picture_stream,
    survey,
)
from src.video.progress import note
from src.video.seek import key_frame_before

SHORTEST = Fraction(1, 1000)  # seconds: nearer than this, times are not told apart
HDR_TRANSFERS = {16: "PQ", 18: "HLG"}


class Source(Protocol):
    """Frames of one size, and what a writer needs to make the result look and sound the same."""

    path: str
    width: int
    height: int
    rate: Fraction  # frames per second, on the average where it is not constant
    constant: bool
    start: Fraction  # seconds from the beginning of the file to its first frame
    end: Fraction  # to where its last frame stops being shown, as the file tells
    count: int  # as the file tells; decoding may find a few more or less
    tags: ColorTags
    pixel_format: str
    depth: int  # bits of a channel of its frames: 8 in uint8, 16 in uint16
    aspect: Fraction | None  # of one pixel
    mastering: Mastering | None  # of HDR10
    sound_path: str | None  # the file whose sound, subtitles and other streams go along
    companions: int  # how many those are
    period: Period | None  # what of the file is shown, where that is not all of it

    def frames(self) -> Iterator[np.ndarray]: ...

    def timed_frames(self, first: int = 0) -> Iterator[tuple[Fraction, np.ndarray]]: ...


@dataclass(frozen=True)
class VideoFile:
    """A video file; `quarter_turns` counter-clockwise make its frames upright, and `frames` has done them."""

    path: str
    width: int
    height: int
    rate: Fraction
    constant: bool
    start: Fraction
    end: Fraction
    count: int
    tags: ColorTags
    pixel_format: str
    depth: int
    aspect: Fraction | None
    mastering: Mastering | None
    quarter_turns: int
    sound_path: str | None
    companions: int
    seekable: bool  # a frame's number follows from its timestamp
    period: Period | None = None

    def frames(self) -> Iterator[np.ndarray]:
        """Decode frame after frame; raises InputError where the file is damaged or changes its size."""
        return (frame for _, frame in self.timed_frames())

    def timed_frames(self, first: int = 0) -> Iterator[tuple[Fraction, np.ndarray]]:
        """Decode frame after frame, with their times in seconds from the beginning of the file, which only grow.

        first: the number of the frame to begin with; those before it are passed over as cheaply as the file allows.
        """
        landing = key_frame_before(self, first) if self.seekable and first else None
        with open_media(self.path) as container:
            stream = picture_stream(container, self.path)
            stream.thread_type = "AUTO"
            convert = ToRgb(self.pixel_format, self.tags, stream.codec_context.height, self.depth)
            clock = _Clock(self, file_start(container), landing.number if landing else 0)
            size = None
            for frame in _decoded(container, stream, self.path, landing):
                size = size or (frame.width, frame.height)
                if (frame.width, frame.height) != size:
                    raise InputError(
                        f"{self.path}: frames need one size; the first is {size[0]}x{size[1]}, "
                        f"a later one {frame.width}x{frame.height}"
                    )
                time = clock.time_of(frame)
                if clock.count > first:
                    yield time, np.ascontiguousarray(np.rot90(convert(frame), self.quarter_turns))


def open_source(path: str, needed: int = 2, depth: str = "8") -> Source:
    """Open a video file or a folder of images and check it as far as that goes without decoding it all.

    depth: "8" for frames of 8 bits, "10" for frames of 16, "auto" for 16 where the source has more than 8.
    Raises InputError when it cannot be read, or holds fewer than `needed` frames.
    """
    if path.lower().endswith(IMAGE_SUFFIXES) and os.path.isfile(path):
        raise InputError(f"{path}: needs a video or a folder of images; got one image")
    source = open_folder(path, depth) if os.path.isdir(path) else open_video(path, needed, depth)
    if source.count < needed:
        raise InputError(f"{path}: needs at least {needed} frames, found {source.count}")
    return source


def open_video(path: str, needed: int = 1, depth: str = "8") -> VideoFile:
    """Read through a video file and decode its first frames; raises InputError when it is no video, or damaged."""
    surveyed = survey(path)
    with open_media(path) as container:
        stream = picture_stream(container, path)
        first = list(itertools.islice(_decoded(container, stream, path), needed))
        if len(first) < needed:
            raise InputError(f"{path}: needs at least {needed} frames, found {len(first)}")
        frame = first[0]
        chosen = chosen_depth(depth, bits_of(frame.format.name))
        _note_losses(path, stream, frame, chosen)
        start = _time(frame, Fraction(0)) - file_start(container)
        rate = _constant_rate(stream, surveyed)
        if not rate:
            note(f"{path}: has a variable frame rate; its timestamps are kept")
        turns = round(frame.rotation / 90) % 4
        upright = (frame.height, frame.width) if turns % 2 else (frame.width, frame.height)
        return VideoFile(
            path=path,
            width=upright[0],
            height=upright[1],
            rate=rate or _average_rate(surveyed),
            constant=rate is not None,
            start=start,
            end=start + (max(surveyed.pictures, len(first)) / rate if rate else _shown_for(surveyed)),
            count=max(surveyed.pictures, len(first)),
            tags=_tags(stream, frame),
            pixel_format=frame.format.name,
            depth=chosen,
            aspect=_aspect(stream, turns),
            mastering=read_mastering(frame),
            quarter_turns=turns,
            sound_path=path,
            companions=len(container.streams) - 1,
            seekable=rate is not None and _rises(surveyed) and container.format.name in DECLARING_FORMATS,
        )


def _decoded(container, stream, path, landing=None):
    try:
        if landing:
            container.seek(landing.target, stream=stream)
        for packet in checked_packets(container, path, stream):
            for frame in packet.decode():
                if landing and frame.pts is not None and frame.pts < landing.ticks:
                    continue  # it depends on frames before the key frame
                if frame.is_corrupt:
                    raise InputError(f"{path}: is damaged at {float(_time(frame, Fraction(0))):.2f} s")
                yield frame
    except DAMAGE as error:
        raise InputError(f"{path}: cannot be decoded: {error}") from error


class _Clock:
    """Tells the times of frames: by counting at a constant rate, else by their timestamps, which are made to grow."""

    def __init__(self, source, zero, count=0):
        self._source, self._zero = source, zero
        self.count = count
        self._latest = None

    def time_of(self, frame) -> Fraction:
        self.count += 1
        if self._source.constant:
            return self._source.start + (self.count - 1) / self._source.rate
        soonest = self._source.start if self._latest is None else self._latest + SHORTEST
        told = None if frame.pts is None else _time(frame, Fraction(0)) - self._zero
        self._latest = soonest if told is None or told < soonest else told
        return self._latest


def _note_losses(path, stream, frame, depth):
    if frame.interlaced_frame:
        note(f"{path}: is interlaced; its frames are taken as they are, without deinterlacing")
    if any(component.is_alpha for component in frame.format.components):
        note(f"{path}: the alpha channel is dropped")
    if depth == 8 and bits_of(frame.format.name) > 8:
        note(f"{path}: {frame.format.name} is reduced to 8 bits")
    transfer = HDR_TRANSFERS.get(int(stream.codec_context.color_trc))
    if transfer:
        note(f"{path}: is HDR ({transfer}); {_kept_of_hdr(frame, depth)}")
    for changing in changing_metadata(frame):
        note(f"{path}: the metadata of {changing} is left out")


def _kept_of_hdr(frame, depth):
    bits = bits_of(frame.format.name)
    if depth == 8:
        return "its tags are kept, its levels are reduced to 8 bits" if bits > 8 else "its tags are kept"
    return f"its tags and its levels of {bits} bits are kept as far as the result holds them"


def _constant_rate(stream, surveyed) -> Fraction | None:
    """Return the rate that all timestamps keep to, as near as a millisecond or the file's clock; None if there is none.

    Without timestamps it is what the file says, or says nothing against.
    """
    told = [Fraction(rate) for rate in (stream.average_rate, stream.guessed_rate) if rate]
    ticks = surveyed.ticks
    if not _rises(surveyed):
        return told[0] if told else _counted_rate(surveyed)
    tolerance = max(surveyed.tick, SHORTEST)
    for rate in (*told, _average_rate(surveyed)):
        apart = (ticks - ticks[0]) * float(surveyed.tick) - np.arange(len(ticks)) / float(rate)
        if np.abs(apart).max() <= float(tolerance) + 1e-9:
            return rate
    return None


def _rises(surveyed) -> bool:
    return len(surveyed.ticks) > 1 and bool((np.diff(surveyed.ticks) > 0).all())


def _counted_rate(surveyed) -> Fraction:
    if surveyed.seconds > 0:
        return (surveyed.pictures / surveyed.seconds).limit_denominator(1001)
    return FOLDER_RATE


def _average_rate(surveyed) -> Fraction:
    ticks = surveyed.ticks
    return Fraction(len(ticks) - 1) / (int(ticks[-1] - ticks[0]) * surveyed.tick)


def _shown_for(surveyed) -> Fraction:
    """Return the seconds from the first picture to the end of the last, which lasts as long as the one before it."""
    ticks = surveyed.ticks
    return int(2 * ticks[-1] - ticks[-2] - ticks[0]) * surveyed.tick


def _time(frame, otherwise) -> Fraction:
    return otherwise if frame.pts is None else frame.pts * Fraction(frame.time_base)


def _tags(stream, frame) -> ColorTags:
    context = stream.codec_context
    if is_rgb(frame.format.name):
        return tags_for_rgb(frame.height, int(context.color_primaries), int(context.color_trc))
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
