"""One run of infer.py from its source to its result: in one go, or in parts that outlive an interruption."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from src.runtime import Predictor
from src.video.companions import Companions
from src.video.cuts import in_scenes
from src.video.duplicates import without_duplicates
from src.video.enlarged import Combined, interpolate_enlarged
from src.video.fingerprint import digest, weights_file
from src.video.options import LONGEST_GAP, VideoOptions
from src.video.parts import Part, Parts
from src.video.pipeline import Tally, interpolate, upscale
from src.video.progress import shown
from src.video.reader import Source
from src.video.timeline import Timeline
from src.video.writer import Pace, encoded_pieces, open_sink


@dataclass
class Run:
    """What a run has done so far; `last` is a time of the source, `shown_first` and `shown_last` are the result's."""

    tally: Tally = field(default_factory=Tally)
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


@dataclass(frozen=True)
class Job:
    """What is to be made of a source, and by what; `path` is the unfinished name of the result."""

    source: Source
    predictor: Predictor | Combined
    timeline: Timeline
    options: VideoOptions
    path: str
    companions: Companions = Companions()

    def run(self) -> Run:
        """Make the result frame by frame. Raises what reading, predicting and writing raise."""
        run = Run()
        frames = self._progress(self._frames(run), 0)
        with self._sink(run) as sink, self.companions:
            for index, time, frame in frames:
                sink.write(frame, time)
                self.companions.write(index, time, frame)
                run.note_times([time])
        return run

    def run_in_parts(self, parts: Parts) -> Run:
        """Make the parts that are missing, keeping each when it is done, and join all to the result."""
        run = Run()
        known = parts.load(parts.done - 1) if parts.done else Part(0, [], {}, [])
        run.tally = Tally(**known.counts)
        size = self.options.part_frames
        done = sum(len(part.times) for part in parts)
        frames = self._progress(self._frames(run, known.upto), done)
        for number, together in itertools.groupby(frames, lambda frame: frame[0] // size):
            self._keep(parts, (number + 1) * size, together, run.tally)
        with self._sink(run) as sink:
            for part in parts:
                sink.join(part.times, part.pieces)
                run.note_times(part.times)
        return run

    def _keep(self, parts, upto, frames, tally):
        times, counts = [], {}

        def pixels():
            for _, time, frame in frames:
                times.append(time)
                counts.update(tally.counts)  # now: the first frame behind the part is made before the part ends
                yield frame

        pieces = encoded_pieces(self.path, self.source, self._pace(), self.predictor.scale, pixels())
        parts.add(Part(upto, times, counts, pieces))

    def _pace(self):
        return Pace(self.timeline.rate, self.options.slow, self.options.slow_audio == "stretch")

    def _sink(self, run):
        sink = open_sink(self.path, self.source, self._pace(), self.predictor.scale)
        if sink.copy:
            run.kept, run.left_out = sink.copy.kept, sink.copy.left_out
        return sink

    def _progress(self, frames, done):
        return shown(frames, expected_frames(self.timeline, self.source) - done)

    def _frames(self, run, skip=0) -> Iterator[tuple[int, Fraction, np.ndarray]]:
        """Yield (number of the frame of the source before it, time, frame) of what is wanted after `skip` of those."""
        made = self._made(run, skip)
        return ((index, time, frame) for index, frames in enumerate(made) for time, frame in frames)

    def _made(self, run, skip) -> Iterator[Iterable[tuple[Fraction, np.ndarray]]]:
        timed = _counted(self.source, run)
        if self.options.duplicates == "drop":
            timed = without_duplicates(timed, LONGEST_GAP)
        frames = self.companions.passing(in_scenes(timed, self.options.cuts == "on"))
        if self.options.upscale:
            return interpolate_enlarged(frames, self.predictor, self.timeline, self.source.end, run.tally, skip)
        if self.options.enlarges:
            return upscale(frames, self.predictor, run.tally, skip)
        return interpolate(frames, self.predictor, self.timeline, self.source.end, run.tally, skip)


def parts_of(source: Source, options: VideoOptions, tiles: list[int]) -> Parts:
    """Return the parts of a job that are done already; `tiles` are the sides to predict in if there are none.

    Raises UsageError, naming what differs, where they are parts of another job.
    """
    facts = {
        **options.decisive(),
        "container": Path(options.output_path).suffix.lower(),
        "input": digest(options.input),
        "frames": source.count,
        "weights": digest(weights_file(options.model, options.ckpt_path)),
        "upscale_weights": digest(weights_file(options.upscale, options.upscale_ckpt)) if options.upscale else "",
    }
    return Parts(options.output_path, facts, tiles)


def expected_frames(timeline: Timeline, source: Source) -> int:
    """Return how many frames the result has if the source holds as many as it says."""
    return timeline.count(source.count, source.end - 1 / source.rate, source.end)


def _counted(source, run):
    for time, frame in source.timed_frames():
        run.frames_in += 1
        run.last = time
        yield time, frame
