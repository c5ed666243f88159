"""Which objective trains which network, with the weights of its terms from a recipe."""

from src.errors import UsageError
from src.losses.flavr import FLAVRLoss
from src.losses.ifrnet import IFRNetLoss
from src.losses.ifrplus import IFRPlusLoss
from src.losses.perceptual import PerceptualDistance
from src.losses.tdan import TDANLoss
from src.losses.toflow import TOFlowLoss


def _ifrnet(network, recipe):
    return IFRNetLoss(
        network,
        recipe.census_weight,
        recipe.geometry_weight,
        recipe.distillation_weight,
        recipe.robust_distillation,
    )


def _ifrplus(network, recipe):
    perceptual = PerceptualDistance() if recipe.vgg_ckpt else None
    return IFRPlusLoss(network, perceptual, recipe.perceptual_weight, recipe.flow_weight)


def _flavr(network, recipe):
    return FLAVRLoss(network)


def _tdan(network, recipe):
    return TDANLoss(network, recipe.alignment_weight)


def _toflow(network, recipe):
    return TOFlowLoss(network)


OBJECTIVES = {
    **{name: _ifrnet for name in ("ifrnet_s", "ifrnet", "ifrnet_l")},
    **{name: _flavr for name in ("flavr_2x", "flavr_4x", "flavr_8x")},
    "ifrplus": _ifrplus,
    "tdan_x4": _tdan,
    "toflow_vfi": _toflow,
    "toflow_vsr_x4": _toflow,
}


def create_objective(network, recipe):
    """Return the Cell that trains `network`, the one that the recipe's model names, by the recipe's weights.

    Raises UsageError with the names of those that can be trained when it is none of them.
    """
    if recipe.model not in OBJECTIVES:
        raise UsageError(f"model to train is one of {', '.join(OBJECTIVES)}; got {recipe.model!r}")
    return OBJECTIVES[recipe.model](network, recipe)
