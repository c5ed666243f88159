"""One run of infer.py from its source to its result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from src.runtime import Predictor
from src.video.cuts import in_scenes
from src.video.duplicates import without_duplicates
from src.video.options import LONGEST_GAP, VideoOptions
from src.video.pipeline import Tally, interpolate, upscale
from src.video.progress import shown
from src.video.reader import Source
from src.video.timeline import Timeline
from src.video.writer import Pace, open_sink


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


def process(source: Source, predictor: Predictor, timeline: Timeline, options: VideoOptions, path: str) -> Run:
    """Make the result of a source at `path`, an unfinished name. Raises what reading, predicting and writing raise."""
    run = Run()
    frames = made_frames(source, predictor, timeline, options, run)
    expected = expected_frames(timeline, source)
    pace = Pace(timeline.rate, options.slow, options.slow_audio == "stretch")
    with open_sink(path, source, pace, predictor.scale) as sink:
        for time, frame in shown(frames, expected):
            sink.write(frame, time)
            run.shown_first = run.shown_first if run.written else time
            run.shown_last = time
            run.written += 1
        if sink.copy:
            run.kept, run.left_out = sink.copy.kept, sink.copy.left_out
    return run


def expected_frames(timeline: Timeline, source: Source) -> int:
    """Return how many frames the result has if the source holds as many as it says."""
    return timeline.count(source.count, source.end - 1 / source.rate, source.end)


def made_frames(source, predictor, timeline, options, run) -> Iterator[tuple[Fraction, np.ndarray]]:
    """Yield the frames of the result with their times; raises UsageError at once for a predictor that cannot."""
    timed = _counted(source, run)
    if options.duplicates == "drop":
        timed = without_duplicates(timed, LONGEST_GAP)
    frames = in_scenes(timed, options.cuts == "on")
    if options.enlarges:
        return upscale(frames, predictor, run.tally)
    return interpolate(frames, predictor, timeline, source.end, run.tally)


def _counted(source, run):
    for time, frame in source.timed_frames():
        run.frames_in += 1
        run.last = time
        yield time, frame
