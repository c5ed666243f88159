"""Weights on disk: written whole or not at all, loaded only into the network they belong to.

Parameters are named by their place in the network, not by `Parameter.name`, to which every enclosing cell (a loss, a
training step) adds a prefix of its own.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import mindspore
import numpy as np

from src.errors import WeightsError
from src.weights.convert import (
    LAYOUTS,
    arrange,
    is_safetensors,
    is_torch_file,
    published_timestep,
    read_encoder,
    read_weights,
)
from src.weights.download import local_file

SHOWN_MISMATCHES = 3


@dataclass(frozen=True)
class Card:
    """What a checkpoint says of itself: the model's name, and the times its weights know ("fixed", "arbitrary")."""

    model_name: str
    timestep: str = "fixed"


def save_weights(network, path: str | Path, card: Card, half: bool = False) -> None:
    """Write a network's parameters and their card to a .ckpt file, atomically.

    half: store them in float16. The file appears under `path` only when it is complete and on disk.
    """
    entries = []
    for name, parameter in network.parameters_and_names():
        values = parameter.asnumpy().astype(np.float16 if half else np.float32)
        entries.append({"name": name, "data": mindspore.Tensor(values)})
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        temporary = str(Path(folder) / "weights.ckpt")
        mindspore.save_checkpoint(entries, temporary, append_dict=asdict(card))
        os.chmod(temporary, 0o644)
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)


def load_weights(network, path: str | Path, model: str) -> Card:
    """Load weights into `network`, the one named `model`, and return their card; float16 values are widened.

    path: a .ckpt file; or weights as they are published, a .pth of PyTorch, a .safetensors, or for IFR+ a .ckpt of
    mindediting; or the URL of one.
    Raises WeightsError when the file is missing or damaged, belongs to another model, or does not hold exactly the
    network's parameters; the message names the first mismatching ones.
    """
    path = local_file(path)
    if not path.is_file():
        raise WeightsError(f"the checkpoint {path} does not exist")
    if is_torch_file(path) or is_safetensors(path):
        shapes = {name: tuple(parameter.shape) for name, parameter in network.parameters_and_names()}
        _fill(network, read_weights(path, model, shapes))
        return Card(model, published_timestep(path, model))
    stored = _read_checkpoint(path)
    told = {each.name: _text(stored.pop(each.name)) for each in fields(Card) if each.name in stored}
    if "model_name" not in told and model in LAYOUTS:
        shapes = {name: tuple(parameter.shape) for name, parameter in network.parameters_and_names()}
        _fill(network, arrange({name: _array(each) for name, each in stored.items()}, path, model, shapes))
        return Card(**{"model_name": model, **told})
    mismatches = _mismatches(network, stored)
    if mismatches:
        origin = f", saved from {told['model_name']}" if "model_name" in told else ""
        shown = "; ".join(mismatches[:SHOWN_MISMATCHES])
        rest = len(mismatches) - SHOWN_MISMATCHES
        more = f"; and {rest} more" if rest > 0 else ""
        raise WeightsError(f"{path}{origin} does not fit {model}: {shown}{more}")
    _fill(network, {name: values.asnumpy() for name, values in stored.items()})
    return Card(**{"model_name": model, **told})


def read_published(path: str | Path, part: str, wanted) -> dict[str, np.ndarray]:
    """Return the weights of a part that is no network of ours, in a layout of `src.weights.convert`, by our names.

    path: a file of PyTorch or safetensors, or a .ckpt with the same names, or the URL of one; wanted: the shape of each
    parameter. Raises WeightsError as `load_weights` does.
    """
    path = local_file(path)
    if not path.is_file():
        raise WeightsError(f"the weights {path} do not exist")
    if is_torch_file(path) or is_safetensors(path):
        return read_weights(path, part, wanted)
    return arrange({name: _array(each) for name, each in _read_checkpoint(path).items()}, path, part, wanted)


def load_encoder(network, path: str | Path) -> None:
    """Start the encoder of an IFR+ network from the published weights of ConvNeXt V2 femto; nothing else is changed.

    path: the .pt of the authors, or its URL. Raises WeightsError as `load_weights` does.
    """
    path = local_file(path)
    if not path.is_file():
        raise WeightsError(f"the weights {path} do not exist")
    if not (is_torch_file(path) or is_safetensors(path)):
        raise WeightsError(f"{path} is neither a file of PyTorch nor safetensors")
    encoder = {name: each for name, each in network.parameters_and_names() if name.startswith("encoder.")}
    values = read_encoder(path, {name: tuple(each.shape) for name, each in encoder.items()})
    for name, parameter in encoder.items():
        parameter.set_data(mindspore.Tensor(values[name]))


def _read_checkpoint(path):
    try:
        return mindspore.load_checkpoint(str(path))
    except (ValueError, RuntimeError, TypeError) as error:
        raise WeightsError(f"{path} is not a readable MindSpore checkpoint (damaged, or another format)") from error


def _fill(network, values) -> None:
    for name, parameter in network.parameters_and_names():
        parameter.set_data(mindspore.Tensor(values[name].astype(np.float32)))


def _mismatches(network, stored) -> list[str]:
    wanted = {name: tuple(parameter.shape) for name, parameter in network.parameters_and_names()}
    found = []
    for name, shape in wanted.items():
        if name not in stored:
            found.append(f"{name} is missing")
        elif tuple(stored[name].shape) != shape:
            found.append(f"{name} is {tuple(stored[name].shape)}, expected {shape}")
    return found + [f"{name} is not a parameter of it" for name in stored if name not in wanted]


def _array(value) -> np.ndarray:
    return value.asnumpy() if hasattr(value, "asnumpy") else np.asarray(value)


def _text(value) -> str:
    return str(value.asnumpy() if hasattr(value, "asnumpy") else value)
