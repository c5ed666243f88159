"""Where decoding may begin when only the later frames of a video are wanted."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from src.errors import InputError
from src.video.media import DAMAGE, checked_packets, file_start, open_media, picture_stream


class Landing(NamedTuple):
    """The key frame that seeking to `target` leads to: its number, and its timestamp, both in ticks of its stream."""

    target: int
    number: int
    ticks: int


def key_frame_before(source, number: int) -> Landing | None:
    """Return the key frame to begin decoding with for the frame of a number; None where there is none that is sure.

    source: a `VideoFile` of a constant rate whose timestamps tell all numbers. What is shown behind a key frame depends
    on nothing before it, though what is stored behind it may.
    """
    try:
        with open_media(source.path) as container:
            stream = picture_stream(container, source.path)
            zero, tick = file_start(container) + source.start, Fraction(stream.time_base)
            target = int((zero + number / source.rate) / tick)
            container.seek(target, stream=stream)
            packets = checked_packets(container, source.path, stream)
            key = _first_shown(packets)
            found = None if key is None else round((key * tick - zero) * source.rate)
            return Landing(target, found, key) if found and found <= number else None
    except (InputError, *DAMAGE):
        return None


def _first_shown(packets) -> int | None:
    """Return the timestamp of the first packet if it is a key frame that can be decoded with what follows alone."""
    key = None
    for packet in packets:
        if key is None:
            key = packet.pts
            if key is None or not packet.is_keyframe:
                return None
        for frame in packet.decode():
            if frame.pts is not None and frame.pts >= key:
                return None if frame.is_corrupt or frame.pts != key else key
    return None
