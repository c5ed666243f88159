"""Sound and subtitles go from the source to the result packet by packet, as they are and at their time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction

import av

from src.video.media import checked_packets, file_start, open_media
from src.video.progress import note

COPIED_TYPES = ("audio", "subtitle")


class StreamCopy:
    """Copies every sound and subtitle stream of a file into a container that is about to be written.

    A second demuxer over the source runs beside the pictures, one packet ahead of them. A stream that the container
    does not take is left out with a note.
    """

    def __init__(self, path: str, output: av.container.OutputContainer, name: str):
        self._input = open_media(path)
        self._start = file_start(self._input)
        self._output = output
        self._targets = {}
        for stream in self._input.streams:
            if stream.type in COPIED_TYPES:
                self._add(stream, name)
        self._packets = self._read(path)
        self._waiting = next(self._packets, None)

    def advance(self, time: Fraction | None) -> None:
        """Write the packets that belong before `time`, in seconds of the result; all that are left when it is None."""
        while self._waiting is not None:
            packet = self._waiting
            if time is not None and packet.dts is not None and packet.dts * Fraction(packet.time_base) >= time:
                return
            packet.stream = self._targets[packet.stream.index]
            self._output.mux(packet)
            self._waiting = next(self._packets, None)

    def close(self) -> None:
        self._packets.close()
        self._input.close()

    def _add(self, stream, name):
        if not _takes(self._output.format.name, stream):
            kind = stream.codec_context.name if stream.codec_context else "unknown"
            note(f"{name}: cannot hold the {kind} {stream.type} stream {stream.index}; it is left out")
            return
        target = self._output.add_stream_from_template(stream)
        target.metadata.update({key: value for key, value in stream.metadata.items() if key in ("language", "title")})
        self._targets[stream.index] = target

    def _read(self, path) -> Iterator[av.Packet]:
        streams = [self._input.streams[index] for index in self._targets]
        if not streams:
            return
        for packet in checked_packets(self._input, path, streams):
            if packet.size:
                ticks = round(self._start / Fraction(packet.time_base))
                packet.dts = None if packet.dts is None else packet.dts - ticks
                packet.pts = None if packet.pts is None else packet.pts - ticks
                yield packet


def _takes(container_format: str, stream) -> bool:
    """Try the stream in a container of its own in memory: only writing the header tells what a format refuses."""
    try:
        with av.open(io.BytesIO(), "w", format=container_format) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (av.error.FFmpegError, ValueError, TypeError):
        return False
    return True
