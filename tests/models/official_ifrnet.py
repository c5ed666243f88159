"""IFRNet networks that carry the formula weights of the stored runs, and the inputs of those runs."""

from contextlib import nullcontext

import numpy as np
from mindspore import Tensor

from src.models import create_model
from src.ops import backend
from src.weights.published import official_ifrnet_name
from tests.models.ifrnet_names import official_ifrnet_scales
from tests.reference_weights import reference_frames, reference_weights

FILES = {"ifrnet_s": "ifrnet_s.npz", "ifrnet": "ifrnet_base.npz", "ifrnet_l": "ifrnet_l.npz"}
# default: on a CPU compiled, where that can be had
FORMS = {"portable": backend.portable, "fused": backend.fused, "default": nullcontext}


def official_network(name, form, numbers, **options):
    """Return the network in one operator form, with the formula weights loaded under their published names."""
    with FORMS[form]():
        network = create_model(name, **options)
    weights = official_weights(numbers)
    for parameter in network.get_parameters():
        parameter.set_data(Tensor(weights[official_ifrnet_name(parameter.name)]))
    return network


def official_weights(numbers):
    """Return the formula weights, by published name, for the parameters that a file of stored numbers lists."""
    shapes = official_shapes(numbers)
    return reference_weights(shapes, official_ifrnet_scales(shapes))


def official_shapes(numbers):
    """Return the shape of each parameter by published name, in the order of the published state dictionary."""
    names, shapes = numbers["parameters/names"], numbers["parameters/shapes"]
    return {str(name): tuple(int(extent) for extent in shape if extent) for name, shape in zip(names, shapes)}


def frames(shape, count, seed, repeats=1):
    """Return `count` frames as tensors, each sample `repeats` times."""
    return [Tensor(np.repeat(frame, repeats, 0)) for frame in reference_frames(shape, count, seed)]


def times(*values):
    """Return one time per sample, (B, 1, 1, 1)."""
    return Tensor(np.array(values, np.float32).reshape(-1, 1, 1, 1))
