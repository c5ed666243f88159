"""Names of the published IFR+ parameters, and the factors that keep its formula weights in range."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

# Ours -> published, applied one after the other.
_RENAMED = {
    "refiner.grid.": "refiner.mfsn.",
    ".stem.convolution.": ".stem.0.",
    ".stem.norm.": ".stem.1.",
    ".depthwise.": ".conv_dw.",
    ".widen.": ".mlp.fc1.",
    ".response.": ".mlp.grn.",
    ".narrow.": ".mlp.fc2.",
    "refiner_adapter.levels.": "refine_adapter.conv.",
    "adapter.levels.": "adapter.conv.",
    ".join.activation.slope": ".convblock.0.1.weight",
    ".join.convolution.": ".convblock.0.0.",
    ".block.": ".convblock.1.",
    ".first_side.": ".conv2.",
    ".second_side.": ".conv4.",
    ".steer.": ".0.conv_offset.",
    ".squeeze.": ".conv.0.",
    ".excite.": ".conv.2.",
    ".convblock.1.first.": ".convblock.1.conv1.",
    ".convblock.1.second.": ".convblock.1.conv3.",
    ".convblock.1.last.": ".convblock.1.conv5.",
    ".convblock.1.activation.slope": ".convblock.1.prelu.weight",
    ".conv2.attention.": ".conv2.2.",
    ".conv4.attention.": ".conv4.2.",
    "combine.0.convolution.": "comb_block.0.",
    "combine.0.activation.slope": "comb_block.1.weight",
    "combine.1.": "comb_block.2.",
}
_DEFORMATION = {
    "join": "conv1.0",
    "second": "conv1.2",
    "third": "conv2.0",
    "last": "conv2.2",
    "offsets": "conv_offset.0",
    "mask": "conv_mask.0",
}


def official_ifrplus_scales(shapes: Mapping[str, tuple]) -> dict[str, np.ndarray]:
    """Return the factors for `reference_weights`: flows of a few pixels, offsets of about one, a frame within [0, 1].

    Every second slope of the PReLU that opens each decoder is negative, and so is one of the grid's.

    Args:
        shapes: shape of each parameter under its published name.
    """
    scales = {
        "generator.refiner.mfsn.row_1_2.0.weight": np.array(-1.0),
        "generator.refiner.mfsn.row_1_out.3.weight": np.array(0.03),
        "generator.refiner.mfsn.row_1_out.3.bias": np.array(0.5),
        "generator.comb_block.2.weight": np.array(0.05),
    }
    for name, shape in shapes.items():
        if name.endswith("convblock.0.1.weight"):
            scales[name] = np.where(np.arange(shape[0]) % 2, -1.0, 1.0)
        elif name.endswith((".conv_offset.weight", ".conv_offset.0.weight")):
            scales[name] = np.array(0.3)
        elif name.endswith(".mlp.grn.weight"):
            scales[name] = np.array(0.3)
        elif name.endswith(".mlp.fc2.weight"):
            scales[name] = np.array(0.5)
        elif name.endswith("upsample.weight"):
            scales[name] = np.array(0.7)
    fine = np.concatenate([np.ones(55), np.full(15, 0.04)])
    scales["generator.decoder1.upsample.weight"] = 0.5 * fine.reshape(1, -1, 1, 1)
    return scales


def official_ifrplus_name(name: str) -> str:
    """Return the published name of one of our IFR+ parameters."""
    name = re.sub(r"encoder\.stages\.(\d+)\.(\d+)\.", _stage, name)
    name = re.sub(r"encoder\.shrink\.(\d+)\.(norm|convolution)\.", _shrink, name)
    if name.startswith("refiner.align"):
        name = _deformation(name)
    elif name.startswith("refiner.grid"):
        name = _grid(name)
    for ours, published in _RENAMED.items():
        name = name.replace(ours, published)
    name = re.sub(r"\.(conv2|conv4)\.convolution\.", r".\1.0.", name)
    name = name.replace(".convolution.", ".0.").replace(".activation.slope", ".1.weight")
    return f"generator.{name}"


def _stage(match):
    return f"encoder.pyramid{int(match[1]) + 1}.0.blocks.{match[2]}."


def _shrink(match):
    return f"encoder.pyramid{int(match[1]) + 2}.0.downsample.{'01'[match[2] == 'convolution']}."


def _deformation(name):
    frame, level, part, field = re.fullmatch(r"refiner\.align(\d)\.(\d)\.(\w+)\.(\w+)", name).groups()
    owner = f"refiner.fgdcl_{frame}_{int(level) + 1}."
    return owner + (field if part == "convolution" else f"{_DEFORMATION[part]}.{field}")


def _grid(name):
    path, part, field = re.fullmatch(r"refiner\.grid\.([\w.]+)\.(\w+)\.(\w+)", name).groups()
    kind, _, index = path.partition(".")
    index = int(index or 0)
    if kind == "entries":
        unit, parts = f"row_{index + 1}_in", ("first", "activation", "second")
    elif kind == "up":
        # the published sequence begins with the resize, which has no parameters
        unit = f"col_{index // 3 + 1}_{index % 3 + 4}"
        parts = ("resize", "first_activation", "first", "second_activation", "second")
    else:
        parts = ("first_activation", "first", "second_activation", "second")
        if kind == "along":
            unit = f"row_{index // 5 + 1}_{index % 5 + 1}"
        elif kind == "down":
            unit = f"col_{index // 3 + 1}_{index % 3 + 1}"
        else:
            unit = "row_1_out"
    return f"refiner.grid.{unit}.{parts.index(part)}.{'weight' if field == 'slope' else field}"
