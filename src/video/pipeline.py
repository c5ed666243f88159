"""From the frames of a source to the frames of the result, as few of them in memory as the network looks at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from src.errors import UsageError
from src.runtime import Predictor
from src.video.cascade import for_parts
from src.video.frames import Placed, to_pixels
from src.video.timeline import Timeline
from src.video.windows import windows

BLACK = 1 / 255  # mean of a frame that is black though those around it are not
LIT = 16 / 255


@dataclass
class Tally:
    """What happened on the way, for the report: times are seconds of the source."""

    cuts: list[float] = field(default_factory=list)
    repeats: int = 0  # frames that stand for new ones beside a cut
    predicted: int = 0
    unfit: int = 0  # predictions that were no picture, replaced by the nearest frame

    def note_cut(self, frame: Placed, following: Placed | None) -> None:
        """Keep the time at which another scene begins, if it does."""
        if following is not None and following.scene != frame.scene:
            self.cuts.append(float(following.time))

    @property
    def counts(self) -> dict[str, int]:
        """What was counted while frames were made."""
        return {"repeats": self.repeats, "predicted": self.predicted, "unfit": self.unfit}


def interpolate(
    frames: Iterable[Placed], predictor: Predictor, timeline: Timeline, end: Fraction | None = None, tally=None, skip=0
) -> Iterator[Iterable[tuple[Fraction, np.ndarray]]]:
    """Yield, for every frame, what the timeline wants from it on until the next: frames with their times.

    Those taken from the source pass untouched. For the first `skip` frames, which are done already, nothing is made.

    end: when the last frame stops being shown (default: at once). Between two frames of one scene a frame is predicted,
    and rounded to the nearest level; between two scenes the nearer frame is repeated. A prediction that is not finite,
    or black between frames that are not, is replaced by the nearer frame. A network that takes more than two frames
    sees those around, mirrored at the ends of a scene.
    Raises UsageError for a predictor of other frames than those between two, or of other times than the wanted ones.
    """
    if predictor.scale != 1 or predictor.inputs % 2:
        raise UsageError(
            "interpolation needs a network that takes 2 frames, or 4, and keeps their size; "
            f"got one that takes {predictor.inputs} at scale {predictor.scale}"
        )
    between = _Between(for_parts(predictor, timeline.parts), tally or Tally())
    return _interpolate(frames, between, timeline, end, skip)


def upscale(
    frames: Iterable[Placed], predictor: Predictor, tally=None, skip=0
) -> Iterator[Iterable[tuple[Fraction, np.ndarray]]]:
    """Yield, for every frame, that frame enlarged with its time, from those around it, mirrored at the ends of a scene.

    For the first `skip` frames, which are done already, nothing is made.
    Raises UsageError for a predictor that does not enlarge the middle of an odd number of frames.
    """
    check_enlarging(predictor)
    return _upscale(frames, predictor, tally or Tally(), skip)


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
        between.tally.note_cut(frame, following)
        if index < skip:
            yield ()
        elif following is None:
            wanted = timeline.at_end(frame.time, frame.time if end is None else max(end, frame.time))
            yield [(each.time, frame.pixels) for each in wanted]
        else:
            wanted = timeline.between(frame.time, following.time)
            made = between(window, following, [each.position for each in wanted])
            yield zip([each.time for each in wanted], made)


def _upscale(frames, predictor, tally, skip):
    around = predictor.inputs // 2
    for index, (window, following) in enumerate(windows(frames, around, around)):
        tally.note_cut(window[around], following)
        yield [(window[around].time, enlarge(window, predictor, tally))] if index >= skip else ()


def enlarge(window: list[Placed], predictor: Predictor, tally: Tally) -> np.ndarray:
    """Return the middle frame of a window enlarged, or its pixels repeated where the prediction is no picture."""
    frame = window[predictor.inputs // 2]
    enlarged = predictor(np.stack([each.network for each in window]), [0.5])[0]
    tally.predicted += 1
    if not _is_picture(enlarged, frame.pixels):
        tally.unfit += 1
        enlarged = frame.network.repeat(predictor.scale, axis=1).repeat(predictor.scale, axis=2)
    return to_pixels(enlarged)


class _Between:
    """Makes the frames from one on until the next, and counts how."""

    def __init__(self, predictor, tally):
        self.predictor, self.tally = predictor, tally

    def __call__(self, window, following, positions):
        frame = window[self.predictor.inputs // 2 - 1]
        new = [position for position in positions if position]
        yield from [frame.pixels] * (len(positions) - len(new))
        if following.scene != frame.scene:
            self.tally.repeats += len(new)
            yield from (_nearer(frame, following, position) for position in new)
        elif new:
            given = np.stack([each.network for each in window])
            for position, predicted in zip(new, self.predictor(given, [float(position) for position in new])):
                yield self._checked(predicted, frame, following, position)

    def _checked(self, predicted, frame, following, position):
        self.tally.predicted += 1
        if _is_picture(predicted, frame.pixels, following.pixels):
            return to_pixels(predicted)
        self.tally.unfit += 1
        return _nearer(frame, following, position)


def _nearer(frame, following, position):
    return frame.pixels if position <= Fraction(1, 2) else following.pixels


def _is_picture(predicted, *sources):
    if not np.isfinite(predicted).all():
        return False
    return predicted.mean() > BLACK or min(source.mean() for source in sources) / 255 < LIT
