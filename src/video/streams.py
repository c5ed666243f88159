"""All that a video holds beside its pictures goes to the result: as it is and at its time, or stretched with it."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Iterator
from fractions import Fraction

import av

from src.errors import EnvironmentFault
from src.video.media import checked_packets, file_start, is_cover, open_media, picture_stream
from src.video.progress import note
from src.video.publish import FULL_DISK
from src.video.stretch import StretchedSound

# Of the file, not of the film: the container of the result writes its own.
OWN_METADATA = ("major_brand", "minor_version", "compatible_brands", "encoder", "duration")
STREAM_METADATA = ("language", "title", "handler_name")
# of a container that takes packets of one time
NONSTRICT = av.format.Flags.ts_nonstrict.value
COVER_TYPES = {"mjpeg": "image/jpeg", "png": "image/png", "bmp": "image/bmp"}


class StreamCopy:
    """Copies sound, subtitles, cover, attachments, chapters and metadata into a container that is about to be written.

    A second demuxer over the source runs beside the pictures, one packet ahead of them. What the container does not
    take is left out with a note. When time takes `slow` times as long, sound is dropped, or with `stretch_sound` played
    slower at its pitch. Of a `period` only what is heard or read within it is copied, in whole packets.
    `kept` and `left_out` tell in words what became of each stream.
    """

    def __init__(
        self, path: str, output: av.container.OutputContainer, name: str, slow=1, stretch_sound=False, period=None
    ):
        self.kept, self.left_out = [], []
        self._input = open_media(path)
        self._start = file_start(self._input) + (period.first if period else 0)
        self._period = period
        self._output, self._name, self._slow = output, name, slow
        self._targets, self._stretched = {}, {}
        self._next = {}  # the first tick that the next packet of a stream may have
        pictures = picture_stream(self._input, path)
        for stream in self._input.streams:
            if stream.index != pictures.index and not self._holds_chapters(stream):
                self._tell(stream, self._add(stream, path, stretch_sound))
        self._copy_facts()
        self._packets = self._read(path)
        self._waiting = next(self._packets, None)

    def advance(self, time: Fraction | None) -> None:
        """Write the packets that belong before `time`, in seconds of the result; all that are left when it is None."""
        while self._waiting is not None:
            packet = self._waiting
            if time is not None and packet.dts is not None and packet.dts * Fraction(packet.time_base) >= time:
                return
            with written(self._output):
                self._output.start_encoding()  # from here on streams tell in which ticks the container counts
                self._keep_rising(packet)
                self._output.mux(packet)
            self._waiting = next(self._packets, None)

    def close(self) -> None:
        self._packets.close()
        self._input.close()

    def _keep_rising(self, packet):
        """Move a packet that is not behind the one before it by as little as the container takes."""
        if packet.dts is None:
            return
        tick = Fraction(packet.stream.time_base)
        ticks = Fraction(packet.time_base) / tick
        due = math.floor(packet.dts * ticks + Fraction(1, 2))
        first = self._next.get(packet.stream.index, due)
        if due < first:
            shown_later = 0 if packet.pts is None else max(packet.pts - packet.dts, 0)
            packet.dts, packet.pts = first, first + round(shown_later * ticks)
            packet.duration = round((packet.duration or 0) * ticks)
            packet.time_base = tick
        takes_equal = packet.stream.type == "subtitle" or self._output.format.flags & NONSTRICT
        self._next[packet.stream.index] = max(due, first) + (0 if takes_equal else 1)

    def _holds_chapters(self, stream):
        """Tell the text track in which MP4 keeps the titles of chapters, which is written anew with them."""
        known = hasattr(self._input, "chapters") and self._input.chapters()
        return bool(known) and stream.name == "bin_data" and stream.metadata.get("handler_name") == "SubtitleHandler"

    def _tell(self, stream, reason):
        told = described(stream)
        if not reason:
            if self._is_mixed(stream):
                layout = stream.codec_context.layout.name
                note(f"{self._name}: the {told} is mixed to stereo; the encoder does not take its {layout}")
                told += ", mixed to stereo"
            self.kept.append(told)
            return
        self.left_out.append(f"{told}: {reason}")
        note(f"{self._name}: {reason} the {told}; it is left out")

    def _add(self, stream, path, stretch_sound) -> str:
        """Make a place for the stream in the result; return why there is none, or ''."""
        if stream.type == "attachment":
            return self._attach(stream.name or "attachment", stream.mimetype, lambda: stream.data)
        if is_cover(stream) and self._output.format.name in ("matroska", "webm"):
            kind = COVER_TYPES.get(stream.codec_context.name, "")
            return self._attach(f"cover.{kind.split('/')[-1]}", kind, lambda: _first_packet(path, stream.index))
        if stream.type == "audio" and self._slow > 1:
            return self._stretch(stream) if stretch_sound else "slow motion drops"
        if stream.type not in ("audio", "subtitle") and not is_cover(stream):
            return "nothing copies"
        if not _takes(self._output.format.name, stream) or (is_cover(stream) and self._output.format.name != "mp4"):
            return "cannot hold"
        self._targets[stream.index] = self._output.add_stream_from_template(stream)
        _copy_description(stream, self._targets[stream.index])
        return ""

    def _attach(self, name, kind, data) -> str:
        if self._output.format.name != "matroska" or not kind or not hasattr(self._output, "add_attachment"):
            return "cannot hold"
        self._output.add_attachment(name, kind, data())
        return ""

    def _stretch(self, stream) -> str:
        sound = StretchedSound(stream, self._output, self._slow, self._start)
        _copy_description(stream, sound.target)
        self._stretched[stream.index] = sound
        return ""

    def _is_mixed(self, stream):
        return stream.index in self._stretched and self._stretched[stream.index].is_mixed

    def _copy_facts(self):
        facts = {key: value for key, value in self._input.metadata.items() if key.lower() not in OWN_METADATA}
        self._output.metadata.update(facts)
        chapters = self._input.chapters() if hasattr(self._input, "chapters") else []
        if chapters:
            moved = [self._moved(chapter) for chapter in chapters]
            self._output.set_chapters([chapter for chapter in moved if chapter["start"] < chapter["end"]])

    def _moved(self, chapter):
        ticks = self._start / Fraction(chapter["time_base"])
        start, end = self._clipped(chapter["start"] - ticks, chapter["end"] - ticks, Fraction(chapter["time_base"]))
        return {**chapter, "start": round(start * self._slow), "end": round(end * self._slow)}

    def _clipped(self, start, end, tick):
        """Return the part of a time, in ticks of the result, that lies within the period."""
        if not self._period:
            return start, end
        return max(start, 0), min(end, (self._period.until - self._period.first) / tick)

    def _is_within(self, packet) -> bool:
        if not self._period or is_cover(packet.stream) or not packet.size:
            return True
        if packet.pts is None:
            return False
        time = packet.pts * Fraction(packet.time_base) - self._start + self._period.first
        if packet.stream.type == "subtitle":
            shown_for = (packet.duration or 0) * Fraction(packet.time_base)
            return time < self._period.until and time + shown_for > self._period.first
        # an encoder's lead-in, which is not heard, comes before second 0
        return time < self._period.until and (time >= self._period.first or not self._period.first)

    def _read(self, path) -> Iterator[av.Packet]:
        streams = [self._input.streams[index] for index in (*self._targets, *self._stretched)]
        if not streams:
            return
        for packet in filter(self._is_within, checked_packets(self._input, path, streams)):
            if packet.stream.index in self._stretched:
                yield from self._stretched[packet.stream.index].packets(packet)
            elif packet.size:
                yield self._timed(packet)

    def _timed(self, packet):
        ticks = 0 if is_cover(packet.stream) else round(self._start / Fraction(packet.time_base))
        if self._period and packet.stream.type == "subtitle":
            start, end = self._clipped(
                packet.pts - ticks, packet.pts - ticks + (packet.duration or 0), packet.time_base
            )
            packet.pts = packet.dts = start + ticks
            packet.duration = math.ceil(end - start)
        packet.dts = None if packet.dts is None else (packet.dts - ticks) * self._slow
        packet.pts = None if packet.pts is None else (packet.pts - ticks) * self._slow
        if self._slow > 1:
            packet.duration = (packet.duration or 0) * self._slow
        packet.stream = self._targets[packet.stream.index]
        return packet


@contextlib.contextmanager
def written(container: av.container.OutputContainer) -> Iterator[None]:
    """Raise EnvironmentFault for what a container cannot write; errors of memory and disk pass."""
    try:
        yield
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError) or error.errno in FULL_DISK:
            raise
        raise EnvironmentFault(f"the {container.format.name} file cannot be written: {error}") from error


def described(stream) -> str:
    """Tell a stream in words: its codec, its kind and its number."""
    kind = stream.codec_context.name if stream.codec_context else "unknown"
    return f"{kind} {'cover' if is_cover(stream) else stream.type} stream {stream.index}"


def _copy_description(stream, target):
    target.disposition = stream.disposition.value
    target.metadata.update({key: value for key, value in stream.metadata.items() if key in STREAM_METADATA})


def _first_packet(path, index) -> bytes:
    with open_media(path) as container:
        return bytes(next(packet for packet in container.demux(container.streams[index]) if packet.size))


def _takes(container_format: str, stream) -> bool:
    """Try the stream in a container of its own in memory: only writing the header tells what a format refuses."""
    try:
        with av.open(io.BytesIO(), "w", format=container_format) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (av.error.FFmpegError, ValueError, TypeError):
        return False
    return True
