"""How each benchmark is measured, as data: one card of configs/protocols each, which is refused when it is unclear."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from src.config import DATASETS, ROOT, Recipe, check_values, near, option, read_values
from src.errors import UsageError

CARDS = ROOT / "configs" / "protocols"
MEASURES = ("psnr", "ssim", "interpolation_error")
SIZE = re.compile(r"[1-9]\d*x[1-9]\d*")
# Measured as another dataset is: `shifts` learns from pictures of clips.
SAME_AS = {"shifts": "clips"}


@dataclass(frozen=True)
class Protocol:
    """What is predicted from what, how it is measured, and what is published; the keys of a card.

    Sizes are written HEIGHTxWIDTH. Raises UsageError where a value is none of the choices, or unclear.
    """

    name: str = option("", "that of the card's file")
    title: str = option("", "the benchmark in words")
    dataset: str = option("synthetic", "whose samples are measured", choices=DATASETS)
    split: str = option("", "which part of it (default: test)")
    samples: int = option(0, "how many true frames the published means are over; 0 where that is not told", low=0)
    frames: str = option("", "which frames are given, and which are predicted")
    multi: int = option(0, "frames become this many times as many; 0 where that is fixed", low=0)
    borders: str = option("mirrored", "how a clip goes on at its ends", choices=("mirrored", "circled"))
    view: str = option("", "size of the central part that everything is cut to; empty for whole frames")
    pad_multiple: int = option(0, "both sides are padded to multiples of it; 0 for those of the network", low=0)
    pad_size: str = option("", "the size that frames are padded to")
    pad_sides: str = option("end", "where: at the right and the bottom, or on both sides", choices=("end", "both"))
    pad_values: str = option("edge", "with what", choices=("edge", "zero"))
    flow_scale: float = option(1.0, "scale at which networks that can choose it estimate motion", low=0.1, high=1)
    channel: str = option("rgb", "what is measured: all values of R, G and B, or the brightness", choices=("rgb", "y"))
    crop: int = option(0, "pixels of each border that do not count", low=0)
    rounded: bool = option(False, "predictions are rounded to 8 bits first")
    clipped: bool = option(True, "PSNR sees predictions clipped to [0, 1]")
    psnr: str = option("double", "a row of PSNR_VARIANTS in src/metrics", choices=("double", "single", "floored"))
    ssim: str = option("volume", "window over all channels, or over each plane", choices=("volume", "planes"))
    interpolation_error: bool = option(False, "Middlebury's interpolation error is measured too")
    temporal: bool = option(False, "tOF, the consistency of neighbouring frames, is measured too")
    submission: str = option("", "where the truth is not published: the file that a prediction is handed in as")
    published: dict = field(default_factory=dict)  # {network: {measure: value}}
    tolerance: dict = field(default_factory=dict)  # {measure: how far from the published value is no other result}
    source: str = option("", "where the values are published")

    def __post_init__(self):
        check_values(self)
        for key in ("view", "pad_size"):
            if getattr(self, key) and not SIZE.fullmatch(getattr(self, key)):
                raise UsageError(f"{self.name}: {key} is HEIGHTxWIDTH; got {getattr(self, key)!r}")
        for network, values in self.published.items():
            self._check_measures(f"published {network}", values)
        self._check_measures("tolerance", self.tolerance)

    def _check_measures(self, key, values):
        if not isinstance(values, dict) or not all(isinstance(each, (int, float)) for each in values.values()):
            raise UsageError(f"{self.name}: {key} is {{measure: number}}; got {values!r}")
        for measure in values:
            if measure not in MEASURES:
                raise UsageError(f"{self.name}: unknown measure {measure!r} in {key}{near(measure, MEASURES)}")

    def size(self, key: str) -> tuple[int, int] | None:
        """Return (height, width) of `view` or `pad_size`, or None where it is empty."""
        text = getattr(self, key)
        return tuple(int(side) for side in text.split("x")) if text else None

    def padding(self) -> dict:
        """Return the arguments of `src.runtime.margins.WithMargins`."""
        return {
            "multiple": self.pad_multiple or 1,
            "size": self.size("pad_size"),
            "both_sides": self.pad_sides == "both",
            "zeros": self.pad_values == "zero",
        }

    def told(self) -> dict:
        """Return what metrics.json says of the protocol: every key with a meaning, but the published values."""
        left_out = ("published", "tolerance", "dataset")
        return {key: value for key, value in dataclasses.asdict(self).items() if key not in left_out and value != ""}

    def compared(self, recipe: Recipe) -> dict:
        """Return `published` and `tolerance` of a recipe's network under this protocol, or nothing if it is not told.

        `published_samples` is the number of true frames that those means are over.
        """
        is_same = self.multi in (0, recipe.multi) and recipe.split in (self.split, "", "test")
        if not is_same or recipe.model not in self.published:
            return {}
        published, tolerance = dict(self.published[recipe.model]), dict(self.tolerance)
        return {"published": published, "tolerance": tolerance, "published_samples": self.samples}


@cache
def protocol_names() -> tuple[str, ...]:
    """Return the names of all cards."""
    return tuple(sorted(file.stem for file in CARDS.glob("*.yaml")))


@cache
def read_protocol(name: str) -> Protocol:
    """Read a card by its name; raises UsageError for an unknown name, an unknown key or an impossible value."""
    known = protocol_names()
    if name not in known:
        raise UsageError(f"protocol is one of {', '.join(known)}; got {name!r}{near(name, known)}")
    return Protocol(**{**read_values(str(Path(CARDS, f"{name}.yaml")), Protocol), "name": name})


def choose_protocol(recipe: Recipe) -> tuple[Protocol, Recipe]:
    """Return how a recipe is measured, and the recipe with the dataset, split and multi of that card.

    That is the card it names, or else one of its dataset and split: that of the dataset's name, unless it publishes
    nothing of the network and another one does. Raises UsageError where there is none, or several remain.
    """
    if recipe.protocol:
        protocol = read_protocol(recipe.protocol)
        multi = protocol.multi or recipe.multi
        return protocol, dataclasses.replace(recipe, dataset=protocol.dataset, split=protocol.split, multi=multi)
    dataset = SAME_AS.get(recipe.dataset, recipe.dataset)
    cards = [each for each in map(read_protocol, protocol_names()) if each.dataset == dataset]
    fitting = [each for each in cards if each.split == recipe.split] or [each for each in cards if not each.split]
    named = [each for each in fitting if each.name == dataset]
    publishing = [each for each in fitting if recipe.model in each.published]
    chosen = [each for each in named if each in publishing] or publishing or named
    if len(chosen) != 1:
        names = ", ".join(each.name for each in cards) or "none"
        raise UsageError(f"{recipe.dataset} is measured by one of the protocols {names}: give --protocol")
    return chosen[0], recipe
