"""One run of infer.py from its source to its result: in one go, or in parts that outlive an interruption."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from src.video.cuts import in_scenes
from src.video.duplicates import without_duplicates
from src.video.encoder import encoder_facts
from src.video.fingerprint import digest, weights_file
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

    scale: how many times as large the frames are. tile: the side that they were predicted in, `shrunk` how often it was
    halved.
    """

    tally: Tally = field(default_factory=Tally)
    scale: int = 1
    tile: int = 0
    shrunk: int = 0
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
        self.shrunk += part.counts["shrunk"]
        self.tile = min(self.tile or part.tile, part.tile or self.tile)
        self.scale = part.scale


@dataclass(frozen=True)
class Job:
    """What is to be made of a source, and by what; `path` is the unfinished name of the result.

    predictor: None where all parts are made already.
    """

    source: Source
    predictor: Tiled | None
    timeline: Timeline
    options: VideoOptions
    path: str

    def run(self) -> Run:
        """Make the result frame by frame. Raises what reading, predicting and writing raise."""
        run = Run(scale=self.predictor.scale)

        def write(frames):
            for time, frame in frames:
                sink.write(frame, time)

        with self._sink(run) as sink, self._frames(run) as frames, behind(write) as written:
            for _, time, frame in shown(frames, expected_frames(self.timeline, self.source)):
                written.put((time, frame))
                run.note_times([time])
        run.tile, run.shrunk = self.predictor.tile, self.predictor.shrunk
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
        begin = 0 if self.options.duplicates == "drop" else max(first - self.predictor.inputs // 2 - 1, 0)
        run.frames_in = begin
        stop = None if span.stop is None else span.stop * size - begin
        number, counted = span.start, self._counts(run)
        with self._frames(run, first - begin, stop) as frames:
            for reached, together in itertools.groupby(frames, lambda frame: (begin + frame[0]) // size):
                for empty in range(number, reached):
                    parts.add(empty, self._part((), run, counted, count))
                parts.add(reached, self._part(together, run, counted, count))
                number = reached + 1
        for empty in range(number, span.stop or number):
            parts.add(empty, self._part((), run, counted, count))
        if span.stop is None:
            parts.end(self._ending(number, run, begin))

    def _part(self, frames, run, counted, count):
        times, now = [], dict(counted)
        made_for = (self.path, self.source, self._pace(), self.predictor.scale)
        with behind(partial(encoded_pieces, *made_for, coding=self.options.coding)) as encoded:
            for _, time, frame in frames:
                times.append(time)
                now.update(self._counts(run))  # here: the first frame behind the part is made before the part ends
                count()
                encoded.put(frame)
        counts = {key: now[key] - counted[key] for key in now}
        counted.update(now)
        return Part(times, list(run.tally.cuts), counts, self.predictor.tile, self.predictor.scale, encoded.result)

    def _counts(self, run):
        return {**run.tally.counts, "shrunk": self.predictor.shrunk}

    def _ending(self, number, run, begin):
        if run.frames_in == begin:  # the source ended before
            run = Run()
            for _ in _counted(self.source, run):
                pass
        return Ending(number, run.frames_in, run.last)

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
        """Decode the frames and find their scenes; those that the network is going to see are made ready for it."""
        timed = _counted(self.source, run)
        if self.options.duplicates == "drop":
            timed = without_duplicates(timed, LONGEST_GAP)
        for index, frame in enumerate(in_scenes(timed, self.options.cuts == "on")):
            if index >= skip - self.predictor.inputs // 2:
                frame.network  # noqa: B018 made here and kept
            yield frame

    def _made(self, frames, run, skip) -> Iterator[Iterable[tuple[Fraction, np.ndarray]]]:
        if self.options.enlarges:
            return upscale(frames, self.predictor, run.tally, skip)
        return interpolate(frames, self.predictor, self.timeline, self.source.end, run.tally, skip)


def parts_of(source: Source, options: VideoOptions, tile: int) -> Parts:
    """Return the parts of a job that are done already; `tile` is the side to predict in if there are none.

    Raises UsageError, naming what differs, where they are parts of another job.
    """
    facts = {
        **options.decisive(),
        "container": Path(options.output_path).suffix.lower(),
        "input": digest(options.input),
        "encoder": encoder_facts(options.output_path, source, options.coding, options.scale),
        "frames": source.count,
        "weights": digest(weights_file(options.model, options.ckpt_path)),
    }
    return Parts(options.output_path, facts, tile)


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
