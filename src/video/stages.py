"""The networks of a run, in the order in which frames pass them, and the tiles that each sees frames in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from src.runtime import Predictor
from src.runtime.options import InferOptions
from src.video.enlarged import Combined
from src.video.memory import fitting_tile, outlook
from src.video.options import VideoOptions
from src.video.reader import Source
from src.video.tiles import Tiled, overlap_of


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


def load(stages: list[Stage], tiles: list[int], choose_predictor: Callable[..., Predictor]) -> Tiled | Combined:
    """Return the networks, which predict in tiles of these sides, as one. Raises what choosing a predictor does."""
    networks = [
        Tiled(choose_predictor(stage.options, stage.flow_scale, stage.needs_scale), tile)
        for stage, tile in zip(stages, tiles)
    ]
    return networks[0] if len(networks) == 1 else Combined(*networks)
