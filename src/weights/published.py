"""Names of the published parameters: from one of ours to the one under which it is published."""

from __future__ import annotations

import re

# Ours -> published, applied one after the other.
_IFRNET = {
    "encoder.levels.0.": "encoder.pyramid1.",
    "encoder.levels.1.": "encoder.pyramid2.",
    "encoder.levels.2.": "encoder.pyramid3.",
    "encoder.levels.3.": "encoder.pyramid4.",
    ".join.": ".convblock.0.",
    ".block.first.": ".convblock.1.conv1.",
    ".block.first_side.": ".convblock.1.conv2.",
    ".block.second.": ".convblock.1.conv3.",
    ".block.second_side.": ".convblock.1.conv4.",
    ".block.last.": ".convblock.1.conv5.",
    ".block.activation.slope": ".convblock.1.prelu.weight",
    ".upsample.": ".convblock.2.",
    ".convolution.": ".0.",
    ".activation.slope": ".1.weight",
}
_TOFLOW = (
    (r"levels\.(\d)\.hidden\.(\d)\.convolution\.", r"basic_module.\1.basic_module.\2.conv."),
    (r"levels\.(\d)\.hidden\.(\d)\.normalisation\.", r"basic_module.\1.basic_module.\2.bn."),
    (r"levels\.(\d)\.last\.", r"basic_module.\1.basic_module.4.conv."),
    (r"\.gamma$", ".weight"),
    (r"\.beta$", ".bias"),
    (r"\.moving_mean$", ".running_mean"),
    (r"\.moving_variance$", ".running_var"),
    (r"^fusion\.", "resnet.res_block."),
    (r"^restoration\.0\.", "conv1."),
    (r"^restoration\.2\.", "conv2."),
    (r"^restoration\.4\.", "conv3."),
    (r"^restoration\.6\.", "conv4."),
)
_TDAN = {
    "extraction.first.": "feat_extract.0.conv.",
    "extraction.blocks.": "feat_extract.1.",
    "alignment.join.": "feat_aggregate.0.",
    "alignment.refine_first.": "feat_aggregate.1.",
    "alignment.refine_second.": "feat_aggregate.2.",
    "alignment.align_first.": "align_1.",
    "alignment.align_second.": "align_2.",
    "alignment.to_rgb.": "to_rgb.",
    "reconstruction.features.first.": "reconstruct.0.conv.",
    "reconstruction.features.blocks.": "reconstruct.1.",
    "reconstruction.upsample_first.": "reconstruct.2.upsample_conv.",
    "reconstruction.upsample_second.": "reconstruct.3.upsample_conv.",
    "reconstruction.last.": "reconstruct.4.",
    ".offsets.": ".conv_offset.",
    ".convolution.weight": ".weight",
    ".first.": ".conv1.",
    ".second.": ".conv2.",
}
# MMagic -> the authors' own repository, applied one after the other.
_TDAN_AUTHORS = {
    "feat_extract.0.conv.": "conv_first.",
    "feat_extract.1.": "residual_layer.",
    "feat_aggregate.0.": "cr.",
    "feat_aggregate.1.conv_offset.": "off2d_1.",
    "feat_aggregate.1.": "dconv_1.",
    "feat_aggregate.2.conv_offset.": "off2d_2.",
    "feat_aggregate.2.": "deconv_2.",
    "align_1.conv_offset.": "off2d_3.",
    "align_1.": "deconv_3.",
    "align_2.conv_offset.": "off2d.",
    "align_2.": "dconv.",
    "to_rgb.": "recon_lr.",
    "reconstruct.0.conv.": "fea_ex.0.",
    "reconstruct.1.": "recon_layer.",
    "reconstruct.2.upsample_conv.": "up.0.0.",
    "reconstruct.3.upsample_conv.": "up.0.2.",
    "reconstruct.4.": "up.1.",
}
# Ours -> published, applied one after the other.
_LITEFLOWNET = {
    "pyramid.levels.0.": "moduleFeatures.moduleOne.",
    "pyramid.levels.1.": "moduleFeatures.moduleTwo.",
    "pyramid.levels.2.": "moduleFeatures.moduleThr.",
    "pyramid.levels.3.": "moduleFeatures.moduleFou.",
    "pyramid.levels.4.": "moduleFeatures.moduleFiv.",
    "pyramid.levels.5.": "moduleFeatures.moduleSix.",
    "matching.": "moduleMatching.",
    "subpixel.": "moduleSubpixel.",
    "regularization.": "moduleRegularization.",
    ".features.": ".moduleFeat.",
    ".upsample_flow.": ".moduleUpflow.",
    ".upsample_cost.": ".moduleUpcorr.",
    ".estimate.": ".moduleMain.",
    ".distance.": ".moduleDist.",
    ".scale_x.": ".moduleScaleX.",
    ".scale_y.": ".moduleScaleY.",
}
# (pattern of ours, published): the first that matches the whole name counts.
_FLAVR = (
    (r"encoder\.stem\.(\w+)", r"encoder.stem.0.\1"),
    (r"encoder\.stages\.(\d)\.(\d)\.first\.(\w+)", r"encoder.layer\1.\2.conv1.0.\3"),
    (r"encoder\.stages\.(\d)\.(\d)\.second\.(\w+)", r"encoder.layer\1.\2.conv2.0.\3"),
    (r"encoder\.stages\.(\d)\.(\d)\.gate\.convolution\.(\w+)", r"encoder.layer\1.\2.fg.attn_layer.0.\3"),
    (r"encoder\.stages\.(\d)\.(\d)\.shortcut\.(\w+)", r"encoder.layer\1.\2.downsample.0.\3"),
    (r"decoder\.([03])\.convolution\.(\w+)", r"decoder.\1.conv.0.\2"),
    (r"decoder\.([03])\.gate\.convolution\.(\w+)", r"decoder.\1.conv.1.attn_layer.0.\2"),
    (r"decoder\.([124])\.convolution\.(\w+)", r"decoder.\1.upconv.0.\2"),
    (r"decoder\.([124])\.gate\.convolution\.(\w+)", r"decoder.\1.upconv.1.attn_layer.0.\2"),
    (r"fusion\.weight", "feature_fuse.conv.0.weight"),
    (r"last\.(\w+)", r"outconv.1.\1"),
)
# From the official name to MMEditing's and MMagic's, in which the checkpoints put "generator." before.
_FLAVR_MMAGIC = (
    (r"encoder\.stem\.0\.", "encoder.stem_layer.conv."),
    (r"\.conv([12])\.0\.", r".conv\1.conv."),
    (r"\.downsample\.0\.", ".downsample.conv."),
    (r"decoder\.(\d)\.", r"decoder.layer\1."),
    (r"feature_fuse\.conv\.0\.", "feature_fuse.conv."),
    (r"outconv\.", "conv_last."),
)
# Ours -> published, applied one after the other, behind the encoders and the refiner's parts.
_IFRPLUS = {
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
_IFRPLUS_DEFORMATION = {
    "join": "conv1.0",
    "second": "conv1.2",
    "third": "conv2.0",
    "last": "conv2.2",
    "offsets": "conv_offset.0",
    "mask": "conv_mask.0",
}
_CONVNEXT = {
    "encoder.stem.convolution.": "downsample_layers.0.0.",
    "encoder.stem.norm.": "downsample_layers.0.1.",
    "encoder.shrink.0.": "downsample_layers.1.",
    "encoder.shrink.1.": "downsample_layers.2.",
    "encoder.shrink.2.": "downsample_layers.3.",
    "encoder.stages.": "stages.",
    ".depthwise.": ".dwconv.",
    ".widen.": ".pwconv1.",
    ".response.weight": ".grn.gamma",
    ".response.bias": ".grn.beta",
    ".narrow.": ".pwconv2.",
}


# Where torchvision's VGG-16 keeps the convolutions of each stage: activations and poolings are counted too.
_VGG_PLACES = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))


def torchvision_vgg_name(name: str) -> str:
    """Return the name that one of our VGG-16 kernels or biases has in torchvision."""
    stage, index, kind = re.fullmatch(r"stages\.(\d)\.(\d)\.(weight|bias)", name).groups()
    return f"features.{_VGG_PLACES[int(stage)][int(index)]}.{kind}"


def official_lpips_name(name: str) -> str:
    """Return the name that the weights of a stage's channels, by its number, have in the lpips package."""
    return f"lin{name}.model.1.weight"


def official_ifrnet_name(name: str) -> str:
    """Return the published name of one of our IFRNet parameters."""
    for ours, published in _IFRNET.items():
        name = name.replace(ours, published)
    return name


def official_toflow_name(name: str) -> str:
    """Return the published name of one of our SPyNet or TOFlow parameters."""
    for ours, published in _TOFLOW:
        name = re.sub(ours, published, name)
    return name


def modular_spynet_name(name: str) -> str:
    """Return the name that pytoflow's and sniklaus's SPyNet give to one of our SPyNet parameters."""
    published = official_toflow_name(name)
    match = re.fullmatch(r"basic_module\.(\d)\.basic_module\.(\d)\.conv\.(\w+)", published)
    # theirs counts the activations too
    return f"moduleBasic.{match[1]}.moduleBasic.{2 * int(match[2])}.{match[3]}" if match else published


def official_tdan_name(name: str) -> str:
    """Return the published (MMagic) name of one of our TDAN parameters."""
    for ours, published in _TDAN.items():
        name = name.replace(ours, published)
    return name


def authors_tdan_name(name: str) -> str:
    """Return the name that the authors' own repository gives to one of our TDAN parameters."""
    name = official_tdan_name(name)
    for published, authors in _TDAN_AUTHORS.items():
        name = name.replace(published, authors)
    return name


def official_liteflownet_name(name: str) -> str:
    """Return the published name of one of our LiteFlowNet parameters."""
    for ours, published in _LITEFLOWNET.items():
        name = name.replace(ours, published)
    return name


def official_flavr_name(name: str) -> str:
    """Return the name that one of our FLAVR parameters has in the official repository (without "module.").

    Raises:
        KeyError: the name is none of ours.
    """
    for ours, published in _FLAVR:
        match = re.fullmatch(ours, name)
        if match:
            # ours count the encoder's stages from 0
            return re.sub(r"encoder\.layer(\d)", _next_layer, match.expand(published))
    raise KeyError(f"FLAVR has no parameter {name!r}")


def mmagic_flavr_name(name: str) -> str:
    """Return the name that one of our FLAVR parameters has in MMEditing and MMagic (without "generator.")."""
    name = official_flavr_name(name)
    for official, mmagic in _FLAVR_MMAGIC:
        name = re.sub(official, mmagic, name)
    return name


def mindediting_ifrplus_name(name: str) -> str:
    """Return the name that one of our IFR+ parameters has in mindediting's checkpoints."""
    name = re.sub(r"encoder\.stages\.(\d+)\.(\d+)\.", _ifrplus_stage, name)
    name = re.sub(r"encoder\.shrink\.(\d+)\.(norm|convolution)\.", _ifrplus_shrink, name)
    if name.startswith("refiner.align"):
        name = _ifrplus_deformation(name)
    elif name.startswith("refiner.grid"):
        name = _ifrplus_grid(name)
    for ours, published in _IFRPLUS.items():
        name = name.replace(ours, published)
    name = re.sub(r"\.(conv2|conv4)\.convolution\.", r".\1.0.", name)
    name = name.replace(".convolution.", ".0.").replace(".activation.slope", ".1.weight")
    return f"generator.{name}"


def official_convnext_name(name: str) -> str:
    """Return the name that one of our parameters of IFR+'s encoder has in the authors' ConvNeXt V2."""
    for ours, published in _CONVNEXT.items():
        name = name.replace(ours, published)
    return re.sub(r"(downsample_layers\.\d\.)(norm|convolution)\.", _convnext_shrink, name)


def _next_layer(match: re.Match) -> str:
    return f"encoder.layer{int(match[1]) + 1}"


def _convnext_shrink(match: re.Match) -> str:
    return f"{match[1]}{'01'[match[2] == 'convolution']}."


def _ifrplus_stage(match: re.Match) -> str:
    return f"encoder.pyramid{int(match[1]) + 1}.0.blocks.{match[2]}."


def _ifrplus_shrink(match: re.Match) -> str:
    return f"encoder.pyramid{int(match[1]) + 2}.0.downsample.{'01'[match[2] == 'convolution']}."


def _ifrplus_deformation(name: str) -> str:
    frame, level, part, field = re.fullmatch(r"refiner\.align(\d)\.(\d)\.(\w+)\.(\w+)", name).groups()
    owner = f"refiner.fgdcl_{frame}_{int(level) + 1}."
    return owner + (field if part == "convolution" else f"{_IFRPLUS_DEFORMATION[part]}.{field}")


def _ifrplus_grid(name: str) -> str:
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
