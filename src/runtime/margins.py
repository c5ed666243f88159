"""A predictor that is given larger frames than it is asked about, as published evaluations pad them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.runtime import Predictor


class WithMargins:
    """`Predictor` around another one, whose frames are padded and whose results are cropped back.

    multiple: of which both sides become multiples. size: (height, width) that they become; larger frames stay. Where
    both are given, size comes first. both_sides: half of the padding, rounded down, goes to the left and the top; else
    all of it to the right and the bottom. zeros: the padding is black; else the edge is repeated.
    """

    def __init__(
        self,
        predictor: Predictor,
        multiple: int = 1,
        size: tuple[int, int] | None = None,
        both_sides: bool = False,
        zeros: bool = False,
    ):
        self.predictor = predictor
        self.inputs, self.scale, self.timestep = predictor.inputs, predictor.scale, predictor.timestep
        self.multiple, self.size = multiple, size or (0, 0)
        self.both_sides, self.mode = both_sides, "constant" if zeros else "edge"
        self.last = (None, None)

    def __call__(self, frames: np.ndarray, times: Sequence[float]) -> np.ndarray:
        height, width = frames.shape[2:]
        margins = [self._margins(side, wanted) for side, wanted in zip((height, width), self.size)]
        # the same frames come again for the next time in between, which some predictors make use of
        if self.last[0] is not frames:
            self.last = frames, np.pad(frames, [(0, 0), (0, 0), *margins], mode=self.mode)
        predicted = self.predictor(self.last[1], times)
        top, left = (self.scale * before for before, _ in margins)
        return predicted[:, :, top : top + self.scale * height, left : left + self.scale * width]

    def _margins(self, side, wanted):
        wanted = max(side, wanted)
        spare = wanted + -wanted % self.multiple - side
        before = spare // 2 if self.both_sides else 0
        return before, spare - before
