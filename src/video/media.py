"""Opens local media files, and nothing else: no devices, no addresses, no lists that name further files."""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import av
import numpy as np

from src.errors import InputError

# Single-file formats only: playlists (hls, concat, dash) make the demuxer open whatever they name, and wait for it.
FORMATS = (
    "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,mxf,nut,gif,apng,ivf,yuv4mpegpipe,"
    "h264,hevc,m4v,obu,vc1,dv,rm,wtv,gxf,y4m,3gp"
)
# These carry a table of what they hold, so that a missing end shows.
DECLARING_FORMATS = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")
DURATION_TOLERANCE = Fraction(1, 2)
# Tags in a wrong encoding are no reason to refuse a video; later versions of PyAV do not decode them on opening.
LENIENT = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
DAMAGE = (av.error.FFmpegError, IndexError)  # PyAV raises IndexError for a stream that turns up in the middle


class Period(NamedTuple):
    """A part of a file, in seconds from its beginning: until just before `until`."""

    first: Fraction
    until: Fraction


@dataclass(frozen=True)
class Survey:
    """What one pass over the packets of a file tells, before anything is decoded."""

    pictures: int
    seconds: Fraction
    ticks: np.ndarray  # the times of the pictures, ascending, in `tick`s; empty where the file does not tell them all
    tick: Fraction


def file_address(path: str) -> str:
    """Return the name by which libavformat takes any path as it is (`a:b.mp4`, `-x.mp4`, `%03d.mp4`)."""
    return "file:" + os.fspath(path)


def open_media(path: str) -> av.container.InputContainer:
    """Open a video file for reading; raises InputError for all that is not a readable media file."""
    check_regular_file(path)
    try:
        return av.open(
            file_address(path), container_options={"protocol_whitelist": "file", "format_whitelist": FORMATS}, **LENIENT
        )
    except (av.error.FFmpegError, OSError, UnicodeError) as error:
        raise InputError(f"{path}: is not a video that can be read, or is damaged") from error


def check_regular_file(path: str) -> None:
    """Raise InputError unless the path is a file with content that may be read; a pipe is not even opened."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: needs a regular file or a folder of images; got a device, pipe or socket")
    if not status.st_size:
        raise InputError(f"{path}: needs a video; got an empty file")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path}: cannot be read: permission denied")


def picture_stream(container: av.container.InputContainer, path: str) -> av.video.stream.VideoStream:
    """Return the first video stream that is not a cover picture; InputError when there is none or no decoder for it."""
    for stream in container.streams.video:
        if not is_cover(stream):
            if stream.codec_context is None:
                raise InputError(f"{path}: its video is of a kind that cannot be decoded here")
            return stream
    kinds = sorted({stream.type for stream in container.streams}) or ["nothing"]
    raise InputError(f"{path}: needs a video stream; found {', '.join(kinds)} only")


def is_cover(stream: av.stream.Stream) -> bool:
    """Tell a picture that belongs to the file as a cover from moving ones."""
    return stream.type == "video" and bool(stream.disposition & av.stream.Disposition.attached_pic)


def file_start(container: av.container.InputContainer) -> Fraction:
    """Return the timestamp that counts as second 0 of the file: recordings may begin hours into a clock."""
    return max(Fraction(container.start_time or 0, av.time_base), Fraction(0))


def survey(path: str) -> Survey:
    """Read through a file without decoding; raises InputError where it is damaged or ends before it should.

    This costs one reading of the file, and spares the hours a network would spend before it met the fault.
    """
    with open_media(path) as container:
        shown = picture_stream(container, path).index
        pictures = 0
        ticks = array("q")
        end = start = file_start(container)
        for packet in checked_packets(container, path):
            if packet.size and packet.stream_index == shown and not packet.is_discard:
                pictures += 1
                if packet.pts is not None:
                    ticks.append(packet.pts)
            if packet.size and packet.pts is not None:
                end = max(end, (packet.pts + (packet.duration or 0)) * Fraction(packet.time_base))
        declared = Fraction(container.duration or 0, av.time_base)
        # Counted from second 0 by one format, from the first packet by the other: `end` is the later of both readings.
        if container.format.name in DECLARING_FORMATS and declared - end > DURATION_TOLERANCE:
            raise InputError(
                f"{path}: is truncated: declares {float(declared):.2f} s, its data end at {float(end):.2f} s"
            )
        known = np.sort(np.frombuffer(ticks, np.int64)) if len(ticks) == pictures else np.empty(0, np.int64)
        return Survey(pictures, end - start, known, Fraction(container.streams[shown].time_base))


def checked_packets(container, path: str, streams=None) -> Iterator[av.Packet]:
    """Yield the packets of the streams (all when None), each stream ended by an empty one that flushes its decoder.

    Raises InputError at the first damaged one.
    """
    packets = container.demux(streams) if streams is not None else container.demux()
    try:
        for packet in packets:
            if packet.is_corrupt:
                raise InputError(f"{path}: is damaged or truncated{_at(packet)}")
            yield packet
    except DAMAGE as error:
        raise InputError(f"{path}: is damaged or truncated: {error}") from error


def _at(packet) -> str:
    if packet.pts is None:
        return ""
    return f" at {float(packet.pts * Fraction(packet.time_base)):.2f} s"
