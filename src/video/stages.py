"""The networks of a run, in the order in which frames pass them, and the tiles that each sees frames in."""

from __future__ import annotations

from dataclasses import dataclass

from src.runtime.options import InferOptions
from src.video.memory import fitting_tile, outlook
from src.video.options import VideoOptions
from src.video.reader import Source
from src.video.tiles import Tiled, overlap_of


@dataclass(frozen=True)
class Stage:
    """A network, the size of the frames that it is given, and the side of the tiles that they are cut into."""

    options: InferOptions
    height: int
    width: int
    tile: int
    flow_scale: float = 1.0

    def outlook(self, free: float) -> str:
        """Tell in words what memory it needs."""
        return outlook(self.options.model, self.height, self.width, self.tile, free)

    def load(self, tile: int) -> Tiled:
        """Return the network, which predicts in tiles of this side. Raises what `choose_predictor` does."""
        from src.runtime.choice import choose_predictor  # runtimes take seconds to load: after all cheap checks

        return Tiled(choose_predictor(self.options, self.flow_scale), tile)


def stages_of(options: VideoOptions, source: Source, free: float) -> list[Stage]:
    """Return the one network, or the two, that make the result; the last one makes the frames that are written."""
    height, width = source.height, source.width
    if not options.upscale:
        return [_stage(options, options, height, width, free, options.scale, options.flow_scale)]
    larger = options.scale * height, options.scale * width
    return [
        _stage(options, options.upscaler, height, width, free / 2, options.scale),
        _stage(options, options, *larger, free / 2, 1, options.flow_scale),
    ]


def _stage(options, network, height, width, free, scale, flow_scale=1.0):
    fitting = fitting_tile(network.model, height, width, free, 2 * overlap_of(scale))
    return Stage(network, height, width, options.largest_tile(fitting), flow_scale)
