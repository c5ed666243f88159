"""Videos beside the result that show what was made of the source: `film.compare.mp4`, `film.heatmap.mp4`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from src.errors import UsageError
from src.video.color import tags_for_rgb
from src.video.compare import FORMS
from src.video.excerpt import Derived
from src.video.frames import Placed
from src.video.heatmap import Heatmap
from src.video.moment import Moment, Watch
from src.video.options import VideoOptions
from src.video.publish import check_output, publish
from src.video.reader import Source
from src.video.timeline import Timeline
from src.video.writer import Pace, open_sink

LARGEST = (7680, 4320)  # width and height; larger pictures are shrunk to be seen at all
LONGEST_NAME = 255  # bytes, on the usual file systems


@dataclass(frozen=True)
class Companion:
    """One of the videos: what draws its frames, and what they are of."""

    kind: str
    final: str
    path: str  # while it is not finished
    draw: Callable[[Moment], np.ndarray]
    source: Source  # of the size that its frames have

    def picture(self, moment: Moment) -> np.ndarray:
        drawn, size = self.draw(moment), (self.source.width, self.source.height)
        return drawn if drawn.shape[1::-1] == size else cv2.resize(drawn, size, interpolation=cv2.INTER_AREA)


class Companions:
    """All videos beside one result; as a context manager it finishes them, or lets go of them on an error."""

    def __init__(self, every: list[Companion], watch: Watch | None, pace: Pace | None):
        self.every = every
        self._watch, self._pace = watch, pace
        self._sinks = []
        self._opened = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as opened:
            self._sinks = [opened.enter_context(open_sink(each.path, each.source, self._pace)) for each in self.every]
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *failure):
        self._opened.__exit__(*failure)

    def passing(self, frames: Iterable[Placed]) -> Iterable[Placed]:
        """Pass on the frames that the result is made of, remembering what is needed of them."""
        return self._watch.passing(frames) if self.every else frames

    def write(self, index: int, time: Fraction, frame: np.ndarray) -> None:
        """Show a frame of the result, made from the `index`-th of those that passed on."""
        if self.every:
            moment = self._watch.moment(index, time, frame)
            for companion, sink in zip(self.every, self._sinks):
                sink.write(companion.picture(moment), time)


NONE = Companions([], None, None)


def check_outputs(options: VideoOptions) -> None:
    """Raise UsageError for a result, or what stands beside it, that could not or should not be written."""
    for path in (options.output_path, *_paths(options).values()):
        check_output(path, options.input, options.overwrite)
    for path in _paths(options).values():
        if len(os.fsencode(os.path.basename(path))) > LONGEST_NAME:
            raise UsageError(f"--output_path {path}: a name has {LONGEST_NAME} bytes at most")


@contextlib.contextmanager
def companions_of(options: VideoOptions, source: Source, timeline: Timeline) -> Iterator[Companions]:
    """Yield the videos that the options ask for; they take their names when the block succeeds, as in `publish`."""
    names = _names(options, source, timeline)
    size = (source.width * options.scale, source.height * options.scale)
    with contextlib.ExitStack() as published:
        every = []
        for kind, path in _paths(options).items():
            draw = FORMS[options.compare](*size, names) if kind == "compare" else _heatmap(options, size)
            canvas = _canvas(source, draw.size, source.tags if kind == "compare" else None)
            every.append(Companion(kind, path, published.enter_context(publish(path, options.overwrite)), draw, canvas))
        yield Companions(every, Watch(options.scale, options.slow), Pace(timeline.rate, options.slow))


def _paths(options):
    result = Path(options.output_path)
    kinds = [kind for kind in ("compare", "heatmap") if getattr(options, kind)]
    return {kind: str(result.with_name(f"{result.stem}.{kind}{result.suffix}")) for kind in kinds}


def _names(options, source, timeline):
    source_name = f"source, bicubic x{options.scale}" if options.scale > 1 else "source"
    result_name = " + ".join(filter(None, (options.upscale, options.model)))
    if timeline.rate == source.rate or not timeline.rate:
        return source_name, result_name
    return f"{source_name}, {float(source.rate):.4g} fps", f"{result_name}, {float(timeline.rate):.4g} fps"


def _heatmap(options, size):
    if options.enlarges:
        return Heatmap(*size, "bicubic enlargement", full=32)
    enlarged = " bicubic" if options.scale > 1 else ""
    return Heatmap(*size, f"both{enlarged} neighbours averaged by time", full=64)


def _canvas(source, drawn, tags):
    share = min(1, *(Fraction(most, side) for most, side in zip(LARGEST, drawn)))
    width, height = (max(round(side * share / 2) * 2, 2) for side in drawn)
    return Derived(
        source, width=width, height=height, tags=tags or tags_for_rgb(height), pixel_format="yuv420p", depth=8,
        sound_path=None,
    )  # fmt: skip
