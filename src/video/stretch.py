"""Sound that lasts longer at the same pitch, for slow motion."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import av

ENCODERS = {"webm": "libopus"}
HELD_BACK = 0.5  # seconds of silence that are more than the filter's window
SLOWEST = 0.5  # of the filter at its best quality; more than that is done in steps


class StretchedSound:
    """Decodes one stream of sound, plays it `slow` times slower by FFmpeg's atempo, and encodes it again.

    zero: the timestamp, in seconds, that counts as second 0 of the source. `target` is the stream of the result.
    Its channels are the source's where the encoder takes them, else stereo: `is_mixed` tells that.
    """

    def __init__(self, stream: av.AudioStream, output: av.container.OutputContainer, slow: int, zero: Fraction):
        self._slow, self._zero = slow, zero
        context = stream.codec_context
        encoder = ENCODERS.get(output.format.name, "aac")
        rate = 48000 if output.format.name == "webm" else context.sample_rate
        layout = layout_for(encoder, context.layout)
        self.is_mixed = layout == "stereo" and context.layout.nb_channels > 2
        self.target = output.add_stream(encoder, rate=rate, layout=layout)
        self._form = f"sample_fmts=fltp:sample_rates={rate}:channel_layouts={layout}"
        self._graph = None
        self._rate = rate
        self._samples = 0
        self._left = Fraction(0)  # samples of the result that are due for what came in, and not out yet
        self._latest = None

    def packets(self, packet: av.Packet) -> Iterator[av.Packet]:
        """Yield the packets of the result that another packet of the source completes; an empty one ends the stream."""
        for frame in packet.decode():
            if self._graph is None:
                self._begin(frame)
            self._left += Fraction(frame.samples, frame.sample_rate) * self._slow * self._rate
            self._latest = frame
            self._graph.push(frame)
            yield from self._ready()
        if not packet.size and self._graph is not None:
            yield from self._finished()

    def _finished(self):
        # The filter keeps its last window to itself: silence behind it brings the sound out.
        for _ in range(math.ceil(HELD_BACK * self._latest.sample_rate / self._latest.samples)):
            self._graph.push(_silent(self._latest))
        self._graph.push(None)
        yield from self._ready()
        yield from self.target.encode(None)

    def _begin(self, frame):
        time = Fraction(0) if frame.pts is None else frame.pts * Fraction(frame.time_base) - self._zero
        self._samples = round(max(time, Fraction(0)) * self._slow * self._rate)
        self._graph = av.filter.Graph()
        chain = [
            self._graph.add_abuffer(
                sample_rate=frame.sample_rate,
                format=frame.format.name,
                layout=frame.layout.name,
                time_base=Fraction(1, frame.sample_rate),
            ),
            *(self._graph.add("atempo", f"{tempo:.9f}") for tempo in tempos(self._slow)),
            self._graph.add("aformat", self._form),
            self._graph.add("abuffersink"),
        ]
        for first, second in zip(chain, chain[1:]):
            first.link_to(second)
        self._graph.configure()

    def _ready(self):
        while True:
            try:
                frame = self._graph.pull()
            except (BlockingIOError, EOFError):
                return
            if self._left <= 0:
                continue
            frame.pts, frame.time_base = self._samples, Fraction(1, frame.sample_rate)
            self._samples += frame.samples
            self._left -= frame.samples
            yield from self.target.encode(frame)


def layout_for(encoder: str, layout: av.AudioLayout) -> str:
    """Return the name of the channels that an encoder is given of sound in a layout: stereo where it takes no more."""
    if layout.nb_channels <= 2:
        return "mono" if layout.nb_channels == 1 else "stereo"
    name = layout.name.replace("(side)", "")  # decoders put the surround speakers there, encoders want them at the back
    trial = av.CodecContext.create(encoder, "w")
    trial.sample_rate, trial.format = 48000, trial.codec.audio_formats[0].name
    try:
        trial.layout = name
        trial.open()
    except (av.error.FFmpegError, ValueError):
        return "stereo"
    return name


def _silent(frame):
    silent = av.AudioFrame(format=frame.format.name, layout=frame.layout.name, samples=frame.samples)
    for plane in silent.planes:
        plane.update(bytes(plane.buffer_size))
    silent.sample_rate, silent.time_base = frame.sample_rate, frame.time_base
    silent.pts = None
    return silent


def tempos(slow: int) -> list[float]:
    """Return factors of no less than `SLOWEST` whose product is 1 / `slow`."""
    steps = 1
    while slow ** (-1 / steps) < SLOWEST:
        steps += 1
    return [slow ** (-1 / steps)] * steps
