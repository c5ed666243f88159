"""The networks of a run, in the order in which frames pass them, and the tiles that each sees frames in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from src.runtime import Predictor
from src.runtime.options import InferOptions
from src.video.memory import fitting_tile, outlook
from src.video.options import ENLARGING, VideoOptions
from src.video.reader import Source
from src.video.tiles import Tiled, overlap_of, places

TRIED = 256  # pixels: the largest side of a prediction that tells the speed


@dataclass(frozen=True)
class Stage:
    """A network, the size of the frames that it is given, and the side of the tiles that they are cut into.

    flow_scale: the scale at which it estimates motion; where `needs_scale` is False, 1 is as good for one that cannot
    choose.
    """

    options: InferOptions
    height: int
    width: int
    tile: int
    flow_scale: float = 1.0
    needs_scale: bool = True

    def outlook(self, free: float) -> str:
        """Tell in words what memory it needs."""
        return outlook(self.options.model, self.height, self.width, self.tile, free, self.flow_scale)

    def load(self, choose_predictor: Callable[..., Predictor], tile: int) -> Tiled:
        """Return the network, which predicts in tiles of this side. Raises what choosing a predictor does."""
        return Tiled(choose_predictor(self.options, self.flow_scale, self.needs_scale), tile)

    def seconds(self, network: Tiled) -> float:
        """Return about how long one prediction of whole frames takes, by the time of smaller ones.

        As many are made as the network makes in one run, twice: the first compile it. The second are of other frames,
        as a network of several outputs remembers what it made of the same ones.
        """
        height, width = min(self.height, TRIED), min(self.width, TRIED)
        draw, count = np.random.default_rng(1), network.batch_size
        for _ in range(2):
            samples = [(draw.random((network.inputs, 3, height, width), np.float32), [0.5]) for _ in range(count)]
            started = time.perf_counter()
            network.together(samples)
            taken = time.perf_counter() - started
        return taken / count * self._predicted_area() / (height * width)

    def _predicted_area(self):
        if not self.tile or max(self.height, self.width) <= self.tile:
            return self.height * self.width
        overlap = overlap_of(4 if self.options.model in ENLARGING else 1)
        sides = (places(length, self.tile, overlap) for length in (self.height, self.width))
        return math.prod(sum(behind - first for first, behind in side) for side in sides)


def speed_told(stages: list[Stage], networks: list[Tiled], frames_in: int, frames_out: int) -> str:
    """Tell in words how fast the result is going to be made, by one prediction of each network here and now."""
    *enlarging, last = (stage.seconds(network) for stage, network in zip(stages, networks))
    if networks[-1].scale > 1:
        predictions = frames_out
    else:
        predictions = max(frames_out - frames_in, 0) / networks[-1].outputs
    seconds = max(sum(enlarging) * frames_in + last * predictions, 1e-9)
    return f"about {frames_out / seconds:.3g} frames a second, {tqdm.format_interval(seconds)} in all"


def stages_of(options: VideoOptions, source: Source, free: float) -> list[Stage]:
    """Return the one network, or the two, that make the result; the last one makes the frames that are written.

    Of frames that were enlarged first, motion is estimated at the size that they had before, unless `flow_scale` says
    otherwise: networks know motion of so many pixels as films of ordinary size show, and it is cheaper.
    """
    size, scale = (source.height, source.width), options.scale
    if not options.upscale:
        flow_scale = options.flow_scale or 1.0
        fitting = fitting_tile(options.model, *size, free, 2 * overlap_of(scale), flow_scale)
        return [Stage(options, *size, options.largest_tile(fitting), flow_scale)]
    fitting = fitting_tile(options.upscale, *size, free / 2, 2 * overlap_of(scale))
    first = Stage(options.upscaler, *size, options.largest_tile(fitting))
    larger = (scale * source.height, scale * source.width)
    flow_scale = options.flow_scale or (1 / scale if options.runtime == "mindspore" else 1.0)
    fitting = fitting_tile(options.model, *larger, free / 2, 2 * overlap_of(1), flow_scale)
    return [
        first,
        Stage(options, *larger, options.largest_tile(fitting), flow_scale, needs_scale=bool(options.flow_scale)),
    ]
