"""One run of infer.py from its source to its result: in one go, or in parts that outlive an interruption."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from src.errors import UsageError, WeightsError
from src.video.companions import NONE, Companions
from src.video.cuts import in_scenes
from src.video.duplicates import without_duplicates
from src.video.encoder import encoder_facts
from src.video.enlarged import Enlarging
from src.video.fingerprint import digest
from src.video.frames import Placed
from src.video.options import LONGEST_GAP, VideoOptions
from src.video.overlap import ahead, behind
from src.video.parts import Ending, Part, Parts
from src.video.pipeline import Tally, interpolate, upscale
from src.video.progress import Counter, shown
from src.video.reader import Source
from src.video.shares import Span
from src.video.tiles import Tiled
from src.video.timeline import Timeline
from src.video.writer import Pace, encoded_pieces, open_sink


@dataclass
class Run:
    """What a run has done so far; `last` is a time of the source, `shown_first` and `shown_last` are the result's.

    scale: how many times as large the frames are. tiles: the side that each network predicted in, `shrunk` how often it
    was halved.
    """

    tally: Tally = field(default_factory=Tally)
    scale: int = 1
    tiles: list[int] = field(default_factory=list)
    shrunk: list[int] = field(default_factory=list)
    frames_in: int = 0
    last: Fraction = Fraction(0)
    written: int = 0
    shown_first: Fraction = Fraction(0)
    shown_last: Fraction = Fraction(0)
    kept: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def note_times(self, times: list[Fraction]) -> None:
        """Count frames that were written, shown at these times."""
        if times:
            self.shown_first = self.shown_first if self.written else times[0]
            self.shown_last = times[-1]
            self.written += len(times)

    def note_part(self, part: Part) -> None:
        """Count a part that was made on its own."""
        self.note_times(part.times)
        self.tally.cuts = sorted({*self.tally.cuts, *part.cuts})
        for key in self.tally.counts:
            setattr(self.tally, key, getattr(self.tally, key) + part.counts[key])
        before = zip(self.tiles or part.tiles, self.shrunk or [0] * len(part.shrunk))
        self.tiles, self.shrunk = [], []
        for (known, times), tile, shrunk in zip(before, part.tiles, part.shrunk):
            self.tiles.append(min(known or tile, tile or known))
            self.shrunk.append(times + shrunk)
        self.scale = part.scale


@dataclass(frozen=True)
class Job:
    """What is to be made of a source, and by what; `path` is the unfinished name of the result.

    networks: those that frames pass, in that order: one that makes new frames, or larger ones, or one of each, first
    the one that enlarges. None are needed where all parts are made already.
    """

    source: Source
    networks: Sequence[Tiled]
    timeline: Timeline
    options: VideoOptions
    path: str
    companions: Companions = NONE

    @property
    def scale(self) -> int:
        """How many times as large as those of the source the frames of the result are."""
        return math.prod(network.scale for network in self.networks)

    def run(self) -> Run:
        """Make the result frame by frame. Raises what reading, predicting and writing raise."""
        run = Run(scale=self.scale)

        def write(frames):
            for index, time, frame in frames:
                sink.write(frame, time)
                self.companions.write(index, time, frame)

        with self._sink(run) as sink, self.companions, self._frames(run) as frames, behind(write) as written:
            for index, time, frame in shown(frames, expected_frames(self.timeline, self.source)):
                written.put((index, time, frame))
                run.note_times([time])
        run.tiles, run.shrunk = self._tiles(), self._shrunk()
        return run

    def run_in_parts(self, parts: Parts) -> Run:
        """Make the parts that are missing, keeping each when it is done, and join all to the result."""
        counter = Counter(expected_frames(self.timeline, self.source) - sum(parts.whole.values()))
        for span in parts.gaps(expected_parts(self.source, self.options)):
            self.make(parts, span, counter.add)
        counter.end()
        run = Run()
        _, run.frames_in, run.last = parts.ending
        for part in parts:
            run.note_part(part)
        with self._sink(run) as sink:
            for part in parts:
                sink.join(part.times, part.pieces)
        return run

    def make(self, parts: Parts, span: Span, count: Callable[[], None]) -> None:
        """Make some parts in a row and keep each when it is done; `count` is called for every frame.

        What the first of their frames depend on is decoded too: the frames around, and one more to tell a cut.
        """
        size, run = self.options.part_frames, Run()
        first = span.start * size
        begin = 0 if self.options.duplicates == "drop" else max(first - self._around - 1, 0)
        run.frames_in = begin
        stop = None if span.stop is None else span.stop * size - begin
        number, before = span.start, self._state(run)
        with self._frames(run, first - begin, stop) as frames:
            for reached, together in itertools.groupby(frames, lambda frame: (begin + frame[0]) // size):
                for empty in range(number, reached):
                    parts.add(empty, self._part((), run, before, count))
                parts.add(reached, self._part(together, run, before, count))
                number = reached + 1
        for empty in range(number, span.stop or number):
            parts.add(empty, self._part((), run, before, count))
        if span.stop is None:
            parts.end(self._ending(number, run, begin))

    def _part(self, frames, run, before, count):
        times, now = [], dict(before)
        made_for = (self.path, self.source, self._pace(), self.scale)
        with behind(partial(encoded_pieces, *made_for, coding=self.options.coding)) as encoded:
            for _, time, frame in frames:
                times.append(time)
                now.update(self._state(run))  # here: the first frame behind the part is made before the part ends
                count()
                encoded.put(frame)
        counts = {key: now[key] - before[key] for key in run.tally.counts}
        shrunk = [after - earlier for after, earlier in zip(now["shrunk"], before["shrunk"])]
        before.update(now)
        return Part(times, list(run.tally.cuts), counts, self._tiles(), shrunk, self.scale, encoded.result)

    def _state(self, run):
        return {**run.tally.counts, "shrunk": self._shrunk()}

    def _tiles(self):
        return [network.tile for network in self.networks]

    def _shrunk(self):
        return [network.shrunk for network in self.networks]

    def _ending(self, number, run, begin):
        if run.frames_in == begin:  # the source ended before
            run = Run()
            for _ in _counted(self.source, run):
                pass
        return Ending(number, run.frames_in, run.last)

    @property
    def _around(self):
        """How many frames of the source before one, or behind it, tell at most what is made of it."""
        return sum(network.inputs // 2 for network in self.networks)

    def _pace(self):
        return Pace(self.timeline.rate, self.options.slow, self.options.slow_audio == "stretch")

    def _sink(self, run):
        sink = open_sink(self.path, self.source, self._pace(), run.scale, self.options.coding)
        if sink.copy:
            run.kept, run.left_out = sink.copy.kept, sink.copy.left_out
        return sink

    @contextlib.contextmanager
    def _frames(self, run, skip=0, stop=None) -> Iterator[Iterator[tuple[int, Fraction, np.ndarray]]]:
        """Yield (number of the frame of the source before it, time, frame) of what is wanted after `skip` of those.

        Numbers begin with the first that is decoded, and end before `stop`.
        """
        with ahead(self._placed(run, skip)) as placed:
            made = itertools.islice(self._made(placed, run, skip), stop)
            yield ((index, time, frame) for index, frames in enumerate(made) for time, frame in frames)

    def _placed(self, run, skip) -> Iterator[Placed]:
        """Decode the frames and find their scenes; those that a network is going to see are made ready for it."""
        timed = _counted(self.source, run)
        if self.options.duplicates == "drop":
            timed = without_duplicates(timed, LONGEST_GAP)
        frames = self.companions.passing(in_scenes(timed, self.options.cuts == "on"))
        for index, frame in enumerate(frames):
            if index >= skip - self._around:
                frame.network  # noqa: B018 made here and kept
            yield frame

    def _made(self, frames, run, skip) -> Iterator[Iterable[tuple[Fraction, np.ndarray]]]:
        *enlargers, network = self.networks
        if self.options.enlarges:
            return upscale(frames, network, run.tally, skip)
        asked = network, self.timeline, self.source.end, run.tally, skip, self.options.cascade
        if not enlargers:
            return interpolate(frames, *asked)
        enlarging = Enlarging(enlargers[0], run.tally)
        return enlarging.counted(interpolate(enlarging.enlarged(frames), *asked))


def parts_of(source: Source, options: VideoOptions, tiles: list[int], weights: list[str]) -> Parts:
    """Return the parts of a job that are done already; `tiles` are the sides to predict in if there are none.

    weights: the digest of each network's, in the order in which frames pass them. Raises UsageError, naming what
    differs, where they are parts of another job, or none are shipped; WeightsError where the given ones cannot be read.
    """
    if not all(weights):  # nothing tells these from others
        lacking = options.upscaler if weights[-1] else options
        if not lacking.ckpt_path:
            raise UsageError(f"no weights are shipped for {lacking.model}: give its --ckpt_path")
        raise WeightsError(f"the checkpoint {lacking.ckpt_path} cannot be read")
    facts = {
        **options.decisive(),
        "container": Path(options.output_path).suffix.lower(),
        "input": digest(options.input),
        "encoder": encoder_facts(options.output_path, source, options.coding, options.scale),
        "frames": source.count,
        "weights": weights[-1],
        "upscale_weights": weights[0] if options.upscale else "",
    }
    return Parts(options.output_path, facts, tiles)


def expected_parts(source: Source, options: VideoOptions) -> int:
    """Return how many parts the result has if the source holds as many frames as it says."""
    return -(-source.count // options.part_frames)


def expected_frames(timeline: Timeline, source: Source) -> int:
    """Return how many frames the result has if the source holds as many as it says."""
    return timeline.count(source.count, source.end - 1 / source.rate, source.end)


def _counted(source, run):
    for time, frame in source.timed_frames(run.frames_in):
        run.frames_in += 1
        run.last = time
        yield time, frame
