"""Published weights under the names of ours: every tensor is used once, or is known to be unused, or is an error."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from src.errors import WeightsError
from src.weights import published
from src.weights.inert_pickle import Object
from src.weights.torch_file import read_torch_file

SHOWN_MISMATCHES = 3
_MOST_TENSORS = 20_000
# Under which key the training programs keep the parameters, beside the records of the run.
_HOLDERS = ("state_dict", "params_ema", "params", "model_state_dict", "model")
# What encloses a network: the averaged weights, where there are any, are those that were measured.
_PREFIXES = ("generator_ema.", "generator.")


@dataclass(frozen=True)
class Layout:
    """One published form of a network.

    rename: from our name of a parameter to the published one; unused: pattern of the tensors that the network does
    not compute with.
    """

    title: str
    rename: Callable[[str], str]
    unused: str = "(?!)"


def _own(name: str) -> str:
    return name


_COLOURS = r"(.*\.)?(mean|std|num_batches_tracked)"
_OWN = Layout("MindFrames", _own)
_IFRNET = (Layout("the official repository", published.official_ifrnet_name), _OWN)
_FLAVR = (
    Layout("the official repository", published.official_flavr_name),
    Layout("MMEditing or MMagic", published.mmagic_flavr_name),
    _OWN,
)
_TOFLOW = (Layout("MMEditing or MMagic", published.official_toflow_name, _COLOURS), _OWN)
_SPYNET = (*_TOFLOW[:1], Layout("pytoflow or pytorch-spynet", published.modular_spynet_name), _OWN)
_TDAN = (
    Layout("MMEditing or MMagic", published.official_tdan_name),
    Layout("the official repository", published.authors_tdan_name),
    _OWN,
)
# What mindediting's training puts beside the network: AdamW's moments, the loss's VGG-16, and counters of the run.
_MINDEDITING_RUN = (
    r"(adam_[mv]|moments?[12]|(.*\.)?iqa_loss)\..*|learning_rate|global_step|beta[12]_power|epoch_num|step_num"
    r"|scale_sense|current_iterator_step|last_overflow_iterator_step"
)
_CONVNEXT = Layout("the official ConvNeXt V2", published.official_convnext_name, r"(norm|head)\.(weight|bias)")
LAYOUTS = {
    **{name: _IFRNET for name in ("ifrnet_s", "ifrnet", "ifrnet_l")},
    **{name: _FLAVR for name in ("flavr_2x", "flavr_4x", "flavr_8x")},
    **{name: _SPYNET for name in ("spynet", "spynet_bn", "spynet_6")},
    "toflow_vfi": _TOFLOW,
    "toflow_vsr_x4": _TOFLOW,
    "tdan_x4": _TDAN,
    "ifrplus": (Layout("mindediting", published.mindediting_ifrplus_name, _MINDEDITING_RUN), _OWN),
    "liteflownet": (Layout("pytorch-liteflownet", published.official_liteflownet_name), _OWN),
}
# The two parts of the perceptual loss; IFR+ leaves VGG-16's biases out, the measure LPIPS does not.
PART_LAYOUTS = {
    "vgg_16_biased": (Layout("torchvision", published.torchvision_vgg_name, r"classifier\..*"),),
    "vgg_16": (Layout("torchvision", published.torchvision_vgg_name, r"features\.\d+\.bias|classifier\..*"),),
    "lpips": (Layout("the lpips package", published.official_lpips_name),),
}


def read_weights(path: str | Path, model: str, wanted: Mapping[str, tuple]) -> dict[str, np.ndarray]:
    """Read a PyTorch or safetensors file of the network `model`, in any published layout.

    wanted: the shape of each parameter, by our name. Returns float32 values by our name. Raises WeightsError when the
    file is damaged, or does not hold exactly these parameters; the message names the nearest names.
    """
    return arrange(_read(path), path, model, wanted)


def read_encoder(path: str | Path, wanted: Mapping[str, tuple]) -> dict[str, np.ndarray]:
    """Read a published ConvNeXt V2 femto, in PyTorch's form or safetensors, as the encoder of IFR+.

    wanted: the shape of each parameter of the encoder, by our name in the whole network, "encoder." first. The final
    norm and the classifier are left out; the stem's weights serve although IFR+ moves it by 2 pixels instead of 4.
    Returns and raises as `read_weights`.
    """
    tensors = _read(path)
    for name, shape in wanted.items():
        theirs = _CONVNEXT.rename(name)
        # matrices that are applied to each pixel are 1x1 convolutions here; other axes of one are for broadcasting
        if theirs in tensors and _long_axes(tensors[theirs].shape) == _long_axes(shape):
            tensors[theirs] = tensors[theirs].reshape(shape)
    return arrange(tensors, path, "the encoder of ifrplus", wanted, (_CONVNEXT,))


def is_torch_file(path: str | Path) -> bool:
    """Say whether a file starts like one of `torch.save`: a zip archive or a pickle."""
    with open(path, "rb") as file:
        start = file.read(4)
    return start == b"PK\x03\x04" or (start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05")


def is_safetensors(path: str | Path) -> bool:
    """Say whether a file starts like safetensors: the length of a JSON header, and the header."""
    with open(path, "rb") as file:
        start = file.read(9)
    return len(start) == 9 and start[8:] == b"{" and start[5:8] == b"\0\0\0"


def published_timestep(path: str | Path, model: str) -> str:
    """Return the times that published weights know: IFRNet's of the GoPro data know all, the others the middle."""
    return "arbitrary" if model.startswith("ifrnet") and "gopro" in Path(path).name.lower() else "fixed"


def state_dictionary(value, path: str | Path) -> dict[str, np.ndarray]:
    """Find the parameters, by name, in what a PyTorch file holds: plain, beside records, or a network saved whole."""
    for _ in _HOLDERS:
        held = [value[each] for each in _HOLDERS if isinstance(value, dict) and each in value]
        held = [each for each in held if isinstance(each, (dict, Object))]
        if not held:
            break
        value = held[0]
    tensors = _walk(value) if isinstance(value, Object) else value
    if isinstance(tensors, dict):
        tensors = {name: each for name, each in tensors.items() if isinstance(each, np.ndarray)}
    if not isinstance(tensors, dict) or not tensors or not all(isinstance(name, str) for name in tensors):
        raise WeightsError(f"{path} holds no weights: expected tensors by name, or under {', '.join(_HOLDERS)}")
    return _without_prefix(tensors)


def arrange(
    tensors: Mapping,
    path: str | Path,
    model: str,
    wanted: Mapping[str, tuple],
    layouts: tuple[Layout, ...] | None = None,
) -> dict[str, np.ndarray]:
    """Give published tensors our names, by the layout that fits them best. Errors as in `read_weights`.

    layouts: those to choose from; None: the published ones of `model`.
    """
    layouts = layouts or LAYOUTS.get(model) or PART_LAYOUTS.get(model, (_OWN,))
    layout = max(layouts, key=lambda each: sum(each.rename(name) in tensors for name in wanted))
    names = {name: layout.rename(name) for name in wanted}
    unknown = [name for name in tensors if name not in names.values() and not re.fullmatch(layout.unused, name)]
    problems = []
    for name, theirs in names.items():
        if theirs not in tensors:
            # nearest names take long to find, and only the first problems are shown
            near = _nearest(theirs, unknown) if len(problems) < SHOWN_MISMATCHES else ""
            problems.append(f"{theirs} is missing{near}")
        elif tuple(tensors[theirs].shape) != tuple(wanted[name]):
            problems.append(f"{theirs} is {tuple(tensors[theirs].shape)}, expected {tuple(wanted[name])}")
        elif not np.isfinite(tensors[theirs]).all():
            problems.append(f"{theirs} has values that are not finite")
    missing = [theirs for theirs in names.values() if theirs not in tensors]
    for name in unknown:
        near = _nearest(name, missing) if len(problems) < SHOWN_MISMATCHES else ""
        problems.append(f"{name} is no parameter of it{near}")
    if problems:
        rest = len(problems) - SHOWN_MISMATCHES
        more = f"; and {rest} more" if rest > 0 else ""
        shown = "; ".join(problems[:SHOWN_MISMATCHES])
        raise WeightsError(f"{path} does not fit {model} in the layout of {layout.title}: {shown}{more}")
    return {name: np.ascontiguousarray(tensors[theirs], np.float32) for name, theirs in names.items()}


def _long_axes(shape):
    return [size for size in shape if size != 1]


def _nearest(name, others):
    near = difflib.get_close_matches(name, others, 1, 0.3)
    return f" (nearest: {near[0]})" if near else ""


def _without_prefix(tensors):
    if all(name.startswith("module.") for name in tensors):
        tensors = {name[len("module.") :]: each for name, each in tensors.items()}
    for prefix in _PREFIXES:
        inner = {name[len(prefix) :]: each for name, each in tensors.items() if name.startswith(prefix)}
        if inner:
            rest = {name: each for name, each in tensors.items() if not name.startswith(_PREFIXES)}
            # MMagic counts its steps beside the network
            rest.pop("step_counter", None)
            return {**inner, **rest}
    return tensors


def _walk(module, prefix="", depth=0):
    """Return the parameters and buffers of a network that was pickled whole, by their place in it."""
    state = module.state if isinstance(module, Object) else None
    if not isinstance(state, dict) or depth > 50:
        return {}
    tensors = {}
    for group in ("_parameters", "_buffers"):
        for name, each in _entries(state, group):
            if isinstance(each, np.ndarray):
                tensors[f"{prefix}{name}"] = each
    for name, each in _entries(state, "_modules"):
        tensors.update(_walk(each, f"{prefix}{name}.", depth + 1))
        if len(tensors) > _MOST_TENSORS:
            raise WeightsError(f"a network has at most {_MOST_TENSORS} tensors")
    return tensors


def _entries(state, group):
    entries = state.get(group)
    return list(entries.items()) if isinstance(entries, dict) else []


def _read(path):
    return _read_safetensors(path) if is_safetensors(path) else state_dictionary(read_torch_file(path), path)


def _read_safetensors(path):
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return _without_prefix(load_file(str(path)))
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise WeightsError(f"{path} is not a readable safetensors file (damaged, or of an unknown type)") from error
