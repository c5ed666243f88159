"""From the frames of a source to the frames of the result, as few of them in memory as the network looks at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain

import numpy as np

from src.errors import UsageError
from src.runtime import Predictor
from src.video.cascade import for_parts
from src.video.frames import Placed, brightness, to_pixels
from src.video.timeline import Timeline
from src.video.together import Asker, in_groups, stacked
from src.video.windows import windows

BLACK = 1 / 255  # mean of a frame that is black though those around it are not
LIT = 16 / 255


@dataclass
class Tally:
    """What happened on the way, for the report: times are seconds of the source."""

    cuts: list[float] = field(default_factory=list)
    repeats: int = 0  # frames that stand for new ones beside a cut
    predicted: int = 0
    recomputed: int = 0  # predictions that were a picture in single precision only
    unfit: int = 0  # predictions that were no picture, replaced by the nearest frame

    def note_cut(self, frame: Placed, following: Placed | None) -> None:
        """Keep the time at which another scene begins, if it does."""
        if following is not None and following.scene != frame.scene:
            self.cuts.append(float(following.time))

    @property
    def counts(self) -> dict[str, int]:
        """What was counted while frames were made."""
        return {key: getattr(self, key) for key in ("repeats", "predicted", "recomputed", "unfit")}


def interpolate(
    frames: Iterable[Placed], predictor: Predictor, timeline: Timeline, end: Fraction | None = None, tally=None, skip=0,
    halvings=0,
) -> Iterator[Iterable[tuple[Fraction, np.ndarray]]]:  # fmt: skip
    """Yield, for every frame, what the timeline wants from it on until the next: frames with their times.

    Those taken from the source pass untouched. For the first `skip` frames, which are done elsewhere, nothing is made
    or counted.

    end: when the last frame stops being shown (default: at once). Between two frames of one scene a frame is predicted,
    and rounded to the nearest level; between two scenes the nearer frame is repeated. A prediction that is not finite,
    or black between frames that are not, is made again by the predictor's `exact`, if it has one; where that is no
    picture either, the nearer frame replaces it. A network that takes more than two frames sees those around, mirrored
    at the ends of a scene.
    halvings: as in `for_parts`.
    Raises UsageError for a predictor of other frames than those between two, or of other times than the wanted ones.
    """
    if predictor.scale != 1 or predictor.inputs % 2:
        raise UsageError(
            "interpolation needs a network that takes 2 frames, or 4, and keeps their size; "
            f"got one that takes {predictor.inputs} at scale {predictor.scale}"
        )
    between = _Between(for_parts(predictor, timeline.parts, halvings), tally or Tally())
    return in_groups(_interpolate(frames, between, timeline, end, skip), between.predictor)


def upscale(
    frames: Iterable[Placed], predictor: Predictor, tally=None, skip=0
) -> Iterator[Iterable[tuple[Fraction, np.ndarray]]]:
    """Yield, for every frame, that frame enlarged with its time, from those around it, mirrored at the ends of a scene.

    For the first `skip` frames, which are done elsewhere, nothing is made or counted.
    Raises UsageError for a predictor that does not enlarge the middle of an odd number of frames.
    """
    check_enlarging(predictor)
    return in_groups(_upscale(frames, predictor, tally or Tally(), skip), predictor)


def check_enlarging(predictor: Predictor) -> None:
    """Raise UsageError for a predictor that does not enlarge the middle of an odd number of frames."""
    if predictor.scale == 1 or predictor.inputs % 2 == 0:
        raise UsageError(
            "super-resolution needs a network that enlarges the middle of its frames; "
            f"got one that takes {predictor.inputs} at scale {predictor.scale}"
        )


def _interpolate(frames, between, timeline, end, skip):
    around = between.predictor.inputs // 2
    for index, (window, following) in enumerate(windows(frames, around - 1, around)):
        frame = window[around - 1]
        if index < skip:
            yield ()
            continue
        between.tally.note_cut(frame, following)
        if following is None:
            wanted = timeline.at_end(frame.time, frame.time if end is None else max(end, frame.time))
            yield [(each.time, frame.pixels) for each in wanted]
        else:
            wanted = timeline.between(frame.time, following.time)
            made = between(window, following, [each.position for each in wanted])
            yield zip([each.time for each in wanted], made)


def _upscale(frames, predictor, tally, skip):
    around, asker = predictor.inputs // 2, Asker(predictor)
    for index, (window, following) in enumerate(windows(frames, around, around)):
        if index < skip:
            yield ()
            continue
        tally.note_cut(window[around], following)
        yield _upscaled(window, asker.ask(window, [0.5]), predictor, tally)


def _upscaled(window, answer, predictor, tally):
    yield window[predictor.inputs // 2].time, _pixels(answer()[0], window, predictor, tally)


def enlarge(window: Sequence[Placed], predictor: Predictor, tally: Tally) -> np.ndarray:
    """Return the middle frame of a window enlarged, or its pixels repeated where the prediction is no picture."""
    return _pixels(predictor(stacked(window), [0.5])[0], window, predictor, tally)


def _pixels(predicted, window, predictor, tally):
    frame = window[predictor.inputs // 2]
    enlarged = _picture(predicted, predictor, window, 0.5, tally, frame.pixels)
    if enlarged is None:
        enlarged = frame.network.repeat(predictor.scale, axis=1).repeat(predictor.scale, axis=2)
    return to_pixels(enlarged, frame.pixels.dtype)


class _Between:
    """Makes the frames from one on until the next, and counts how."""

    def __init__(self, predictor, tally):
        self.predictor, self.tally = predictor, tally
        self.asker = Asker(predictor)

    def __call__(self, window, following, positions):
        frame = window[self.predictor.inputs // 2 - 1]
        new = [position for position in positions if position]
        old = [frame.pixels] * (len(positions) - len(new))
        if following.scene != frame.scene:
            return chain(old, self._repeated(frame, following, new))
        if not new:
            return iter(old)
        answer = self.asker.ask(window, [float(position) for position in new])
        return chain(old, self._predicted(answer, window, following, new))

    def _repeated(self, frame, following, positions):
        for position in positions:
            self.tally.repeats += 1
            yield _nearer(frame, following, position)

    def _predicted(self, answer, window, following, positions):
        frame = window[self.predictor.inputs // 2 - 1]
        for position, predicted in zip(positions, answer()):
            sources = frame.pixels, following.pixels
            made = _picture(predicted, self.predictor, window, float(position), self.tally, *sources)
            yield _nearer(frame, following, position) if made is None else to_pixels(made, frame.pixels.dtype)


def _picture(predicted, predictor, window, time, tally, *sources):
    """Return a prediction, made again in single precision if it is no picture; None when that is none either."""
    tally.predicted += 1
    if _is_picture(predicted, *sources):
        return predicted
    exact = getattr(predictor, "exact", None)
    if exact is not None:
        predicted = exact(stacked(window), [time])[0]
        if _is_picture(predicted, *sources):
            tally.recomputed += 1
            return predicted
    tally.unfit += 1
    return None


def _nearer(frame, following, position):
    return frame.pixels if position <= Fraction(1, 2) else following.pixels


def _is_picture(predicted, *sources):
    if not np.isfinite(predicted).all():
        return False
    return predicted.mean() > BLACK or min(map(brightness, sources)) < LIT
