"""The upstream side of scripts/bench_train.py, run by a Python with PyTorch and what the checkouts import.

python scripts/bench_train_torch.py ROOT NETWORK OPTIMIZER COLUMNS: ROOT holds checkouts named IFRNet, FLAVR and
mmagic; for every line on stdin one optimisation step, and on stdout its wall and processor milliseconds.

MMagic's networks are imported without its framework: small stand-ins take the places of mmcv, mmengine and the
registry. mmcv's deformable convolution is a compiled operator; torchvision's, its documented equal, takes its place.
"""

import importlib
import json
import os
import sys
import time
import types

import numpy as np
import torch
from torch import nn

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
IFRNET_FILES = {"ifrnet_s": "IFRNet_S", "ifrnet": "IFRNet", "ifrnet_l": "IFRNet_L"}
FLAVR_OUTPUTS = {"flavr_2x": 1, "flavr_4x": 3, "flavr_8x": 7}


def ifrnet(root, name):
    """Return (network, loss of columns): the network computes its losses itself."""
    sys.path.insert(0, os.path.join(root, "IFRNet"))
    network = importlib.import_module("models." + IFRNET_FILES[name]).Model()

    def loss(columns):
        _, *terms = network(*(columns[key] for key in ("frame0", "frame1", "time", "target", "flow")))
        return sum(terms)

    return network, loss


def flavr(root, name):
    sys.path.insert(0, os.path.join(root, "FLAVR"))
    resnet = importlib.import_module("model.resnet_3D")
    architecture = importlib.import_module("model.FLAVR_arch")
    outputs = FLAVR_OUTPUTS[name]
    resnet.useBias = outputs > 1
    network = architecture.UNet_3D_3D("unet_18", n_inputs=4, n_outputs=outputs, joinType="concat", upmode="transpose")

    def loss(columns):
        out = network([columns[f"frame{index}"] for index in range(4)])
        return (out[0] - columns["target"]).abs().mean()

    return network, loss


def toflow_vfi(root, name):
    stand_in(root)
    network = importlib.import_module("mmagic.models.editors.tof.tof_vfi_net").TOFlowVFINet()

    def loss(columns):
        frames = torch.stack([(columns[key] - MEAN) / DEVIATION for key in ("frame0", "frame1")], 1)
        return charbonnier(network(frames) * DEVIATION + MEAN, columns["target"])

    return network, loss


def toflow_vsr(root, name):
    """Its frames are enlarged before the time is taken; the statistics of its normalisations are held, as ours are."""
    stand_in(root)
    network = importlib.import_module("mmagic.models.editors.tof.tof_vsr_net").TOFlowVSRNet(True)
    enlarged = {}

    def loss(columns):
        if not enlarged:
            frames = [columns[f"frame{index}"] for index in range(7)]
            frames = [nn.functional.interpolate(frame, scale_factor=4, mode="bicubic") for frame in frames]
            enlarged["frames"] = [frame.clamp(0, 1) for frame in frames]
        frames = torch.stack([(frame - MEAN) / DEVIATION for frame in enlarged["frames"]], 1)
        return charbonnier(network(frames) * DEVIATION + MEAN, columns["target"])

    return network, loss


def tdan(root, name):
    stand_in(root)
    network = importlib.import_module("mmagic.models.editors.tdan.tdan_net").TDANNet()

    def loss(columns):
        frames = torch.stack([columns[f"frame{index}"] - 0.5 for index in range(5)], 1)
        frame, aligned = network(frames)
        reconstruction = (frame + 0.5 - columns["target"]).square().mean()
        return reconstruction + 0.01 * (aligned - frames[:, 2:3]).square().mean()

    return network, loss


NETWORKS = {
    **{name: ifrnet for name in IFRNET_FILES},
    **{name: flavr for name in FLAVR_OUTPUTS},
    "toflow_vfi": toflow_vfi,
    "toflow_vsr_x4": toflow_vsr,
    "tdan_x4": tdan,
}


def charbonnier(prediction, target):
    return torch.sqrt((prediction - target) ** 2 + 1e-12).mean()


class ConvModule(nn.Module):
    """mmcv's: convolution, batch normalisation where asked for, ReLU unless told otherwise."""

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, norm_cfg=None, act_cfg=(("type", "ReLU"),)
    ):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=norm_cfg is None)
        self.bn = nn.BatchNorm2d(out_channels) if norm_cfg else None
        self.activate = nn.ReLU(inplace=True) if act_cfg else None

    def forward(self, x):
        x = self.conv(x)
        for part in (self.bn, self.activate):
            x = x if part is None else part(x)
        return x


def deformed(x, offset, weight, stride=1, padding=1, dilation=1, groups=1, deform_groups=1):
    from torchvision.ops import deform_conv2d

    return deform_conv2d(x, offset, weight, None, stride, padding, dilation)


class DeformConv2d(nn.Module):
    """mmcv's layer of a deformable convolution, without its call."""

    def __init__(self, in_channels, out_channels, kernel_size, padding=1, deform_groups=1):
        super().__init__()
        self.in_channels, self.out_channels, self.deform_groups = in_channels, out_channels, deform_groups
        self.kernel_size, self.stride, self.padding, self.dilation, self.groups = (kernel_size,) * 2, 1, padding, 1, 1
        deviation = 1.0 / (in_channels * kernel_size**2) ** 0.5
        self.weight = nn.Parameter(
            torch.empty(out_channels, in_channels, kernel_size, kernel_size).uniform_(-deviation, deviation)
        )


class DeformConv2dPack(DeformConv2d):
    """mmcv's layer whose offsets are a convolution of what it deforms."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.conv_offset = nn.Conv2d(self.in_channels, self.deform_groups * 18, 3, padding=1)
        set_constant(self.conv_offset, 0)

    def forward(self, x):
        return deformed(x, self.conv_offset(x), self.weight)


def set_constant(layer, val, bias=0):
    nn.init.constant_(layer.weight, val)
    nn.init.constant_(layer.bias, bias)


class BaseModule(nn.Module):
    def __init__(self, init_cfg=None):
        super().__init__()


class Registry:
    def register_module(self):
        return lambda network: network


def stand_in(root):
    """Put what MMagic's networks import in place: its own files where they stand alone, small stand-ins elsewhere."""

    def module(name, path=None, **contents):
        made = types.ModuleType(name)
        made.__dict__.update(contents)
        if path:
            made.__path__ = [os.path.join(root, "mmagic", *name.split("."))]
        sys.modules[name] = made
        return made

    module("mmcv")
    module("mmcv.cnn", ConvModule=ConvModule)
    module("mmcv.ops", DeformConv2d=DeformConv2d, DeformConv2dPack=DeformConv2dPack, deform_conv2d=deformed)
    module("mmengine", MMLogger=None)
    module("mmengine.model", BaseModule=BaseModule)
    module("mmengine.model.weight_init", constant_init=set_constant)
    module("mmengine.runner", load_checkpoint=None)
    module("mmagic", True)
    module("mmagic.registry", MODELS=Registry())
    for name in ("models", "models.editors", "models.editors.tof", "models.editors.tdan"):
        module("mmagic." + name, True)
    utilities = module(
        "mmagic.models.utils",
        True,
        make_layer=lambda block, count, **options: nn.Sequential(*(block(**options) for _ in range(count))),
        default_init_weights=lambda layer, scale=1: None,
    )
    utilities.flow_warp = importlib.import_module("mmagic.models.utils.flow_warp").flow_warp
    architectures = module("mmagic.models.archs", True)
    for file, name in (("sr_backbone", "ResidualBlockNoBN"), ("upsample", "PixelShufflePack")):
        setattr(architectures, name, getattr(importlib.import_module("mmagic.models.archs." + file), name))


def main(root, name, optimizer_name, arrays):
    torch.manual_seed(1)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    network, loss_of = NETWORKS[name](root, name)
    network.train()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[optimizer_name]
    optimizer = kind(network.parameters(), lr=2e-4, weight_decay=0)
    with np.load(arrays) as stored:
        columns = {key: torch.from_numpy(stored[key]) for key in stored}
    loss_of(columns)
    for _ in sys.stdin:
        wall, processor = time.perf_counter(), time.process_time()
        optimizer.zero_grad()
        loss = loss_of(columns)
        loss.backward()
        optimizer.step()
        loss.item()
        spent = time.perf_counter() - wall, time.process_time() - processor
        print(json.dumps([1e3 * each for each in spent]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
