"""The networks, by name.

The contract every network keeps:
- Frames are NCHW float32 RGB in [0, 1]. Flow is in pixels of its own level, channel 0 along x, and points from the
  output frame towards the source frame. Time runs from 0 at the first frame to 1 at the second.
- `inputs` frames go in, each (B, 3, H, W), and a time (B, 1, 1, 1) when `takes_time`. `outputs` come back, `scale`
  times as high and wide: (B, 3, H * scale, W * scale), or (B, outputs, 3, H, W) when there are several. Height and
  width must be multiples of `multiple` (the caller pads by replication and crops back).
- `task` is "interpolation", "super_resolution" or "flow"; a flow network returns (B, 2, H, W), the flow from its first
  frame towards its second.
- `construct` returns the frames only, so that export needs no wrapper; `trace` also returns flows and features, so
  that losses live outside the network.
"""

from functools import partial
from inspect import signature

from src.errors import UsageError
from src.models import flavr, ifrnet, ifrplus, liteflownet, spynet, tdan, toflow

MODELS = {
    **{name: partial(ifrnet.IFRNet, size) for name, size in ifrnet.SIZES.items()},
    **{name: partial(flavr.FLAVR, variant) for name, variant in flavr.VARIANTS.items()},
    **{name: partial(spynet.SPyNet, variant) for name, variant in spynet.VARIANTS.items()},
    "toflow_vfi": toflow.TOFlowInterpolation,
    "toflow_vsr_x4": toflow.TOFlowSuperResolution,
    "tdan_x4": tdan.TDAN,
    "liteflownet": liteflownet.LiteFlowNet,
    "ifrplus": ifrplus.IFRPlus,
}


def create_model(name: str, **options):
    """Return the network of that name, freshly initialised.

    options: those of the network's class, for instance `flow_scale`. Raises UsageError with the known names.
    """
    if name not in MODELS:
        raise UsageError(f"model is one of {', '.join(MODELS)}; got {name!r}")
    return MODELS[name](**options)


def class_of(name: str) -> type:
    """Return the class of the network of that name, one of MODELS, whose task, scale, ... need no network."""
    return getattr(MODELS[name], "func", MODELS[name])


def has_option(name: str, option: str) -> bool:
    """Return whether the class of a network takes that option; False for an unknown name."""
    return name in MODELS and option in signature(MODELS[name]).parameters


def count_parameters(network) -> int:
    """Return the number of trainable values of a network."""
    return sum(parameter.size for parameter in network.trainable_params())
