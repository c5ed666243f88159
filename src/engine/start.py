"""The weights that a recipe starts from: of the whole network, of a part of it, and of what its loss looks with."""

from __future__ import annotations

from pathlib import Path

import mindspore
import numpy as np

from src.engine.checkpoint import load_encoder, load_weights, read_published
from src.errors import WeightsError

_NORMALISATION = ".normalisation."


def load_start(network, objective, recipe) -> None:
    """Load what a recipe names: `ckpt_path`, or else the flow and the encoder; and the perceptual loss.

    Raises WeightsError for files that are missing, damaged or of another network.
    """
    if recipe.ckpt_path:
        load_weights(network, recipe.ckpt_path, recipe.model)
    elif recipe.flow_ckpt:
        load_flow(network.spynet, recipe.flow_ckpt)
    elif recipe.encoder_ckpt:
        load_encoder(network, recipe.encoder_ckpt)
    # other objectives have none: evaluation's LPIPS takes the same files
    if recipe.vgg_ckpt and hasattr(objective, "perceptual"):
        load_perceptual(objective.perceptual, recipe.vgg_ckpt, recipe.lpips_ckpt)


def load_flow(spynet, path: str | Path) -> None:
    """Start a SPyNet of four levels from the weights of one without batch normalisation, in any published form.

    One with batch normalisation takes over the biases as its shifts and keeps its first statistics, in training too: so
    it computes the same. Raises WeightsError as `load_weights` does.
    """
    parameters = dict(spynet.parameters_and_names())
    plain = {
        name.replace(f"{_NORMALISATION}beta", ".convolution.bias"): each
        for name, each in parameters.items()
        if _NORMALISATION not in name or name.endswith("beta")
    }
    load_weights(_Parameters(plain), path, "spynet")
    for _, cell in spynet.cells_and_names():
        if isinstance(cell, mindspore.nn.BatchNorm2d):
            scale = np.sqrt(cell.moving_variance.asnumpy() + cell.eps)
            cell.gamma.set_data(mindspore.Tensor(scale.astype(np.float32)))
            cell.use_batch_statistics = False


def load_perceptual(distance, vgg: str | Path, lpips: str | Path) -> None:
    """Load a `PerceptualDistance` from VGG-16 as torchvision publishes it and the lpips package's weights for it.

    vgg, lpips: paths or URLs of PyTorch's files, or of mindediting's conversions of both. Raises WeightsError as
    `load_weights` does.
    """
    kernels = {name: each for name, each in distance.parameters_and_names() if name != "weights"}
    part = "vgg_16_biased" if any(name.endswith(".bias") for name in kernels) else "vgg_16"
    values = read_published(vgg, part, {name: tuple(each.shape) for name, each in kernels.items()})
    widths = [stage[-1].out_channels for stage in distance.stages]
    channels = read_published(lpips, "lpips", {str(index): (1, width, 1, 1) for index, width in enumerate(widths)})
    if any((each < 0).any() for each in channels.values()):
        raise WeightsError(f"{lpips} has negative weights, which would reward a difference")
    for name, parameter in kernels.items():
        parameter.set_data(mindspore.Tensor(values[name]))
    joined = np.concatenate([channels[str(index)].reshape(-1) for index in range(len(widths))])
    distance.weights.set_data(mindspore.Tensor(joined))


class _Parameters:
    """Parameters under names of their own, for what reads a network's."""

    def __init__(self, parameters):
        self.parameters = parameters

    def parameters_and_names(self):
        return list(self.parameters.items())
