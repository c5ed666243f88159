"""FLAVR networks that carry the formula weights of the stored runs, and the inputs of those runs."""

from contextlib import nullcontext
from functools import lru_cache

from mindspore import Tensor

from src.models import create_model
from src.ops import backend
from src.weights.published import official_flavr_name
from tests.reference_weights import reference_frames, reference_weights
from tests.stored_numbers import stored

# default: on a CPU compiled, where that can be had
FORMS = {"portable": backend.portable, "fused": backend.fused, "default": nullcontext}


def official_network(name, form):
    """Return the network in one operator form, with the formula weights loaded under their published names."""
    with FORMS[form]():
        network = create_model(name)
    weights = official_weights(name)
    for parameter in network.get_parameters():
        parameter.set_data(Tensor(weights[official_flavr_name(parameter.name)]))
    return network


# one at a time: 42 million values
@lru_cache(maxsize=1)
def official_weights(name):
    """Return the formula weights by official name."""
    return reference_weights(published_shapes(stored(f"{name}.npz")))


def published_shapes(numbers, library=""):
    """Return the shape of each parameter by official name, or by MMagic's with library="mmagic_"."""
    names, shapes = numbers[f"parameters/{library}names"], numbers[f"parameters/{library}shapes"]
    return {str(name): tuple(int(extent) for extent in shape if extent) for name, shape in zip(names, shapes)}


def frames(shape, count, seed):
    """Return `count` frames as tensors."""
    return [Tensor(frame) for frame in reference_frames(shape, count, seed)]
