"""The upstream side of scripts/bench_model.py, run by a Python with PyTorch and what the checkouts import.

python scripts/bench_model_torch.py ROOT NETWORK HEIGHT WIDTH: the size is that of the frames that go in; ROOT as for
scripts/bench_train_torch.py, which builds the networks. What upstream does to frames outside of its network
(normalise, enlarge) is done before the time is taken.
"""

import os
import sys

import torch
from bench_model_side import resident_bytes, serve
from bench_train_torch import DEVIATION, IFRNET_FILES, MEAN, NETWORKS
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def runner(name, network, frames):
    """Return a function without arguments that runs the network on frames (1, 3, h, w) in its own way."""
    if name in IFRNET_FILES:
        time = torch.full((1, 1, 1, 1), 0.5)
        return lambda: network.inference(*frames, time)
    if name.startswith("flavr"):
        return lambda: network(frames)
    if name == "tdan_x4":
        stacked = torch.stack([frame - 0.5 for frame in frames], 1)
        return lambda: network(stacked)
    if name == "toflow_vsr_x4":
        frames = [nn.functional.interpolate(frame, scale_factor=4, mode="bicubic").clamp(0, 1) for frame in frames]
    stacked = torch.stack([(frame - MEAN) / DEVIATION for frame in frames], 1)
    return lambda: network(stacked)


def frame_count(name):
    if name.startswith("flavr"):
        return 4
    return {"tdan_x4": 5, "toflow_vsr_x4": 7}.get(name, 2)


def deformable_flops(x, weight, *_, out_shape, **__):
    """Return the operations of torchvision's operator, two for a multiply-accumulate, as PyTorch counts the others."""
    count = 2
    for extent in (*out_shape, *weight[1:]):
        count *= extent
    return count


def count_multiply_accumulates(run):
    mapping = {}
    if hasattr(torch.ops.torchvision, "deform_conv2d"):
        mapping[torch.ops.torchvision.deform_conv2d] = deformable_flops
    with torch.no_grad(), FlopCounterMode(display=False, custom_mapping=mapping) as counter:
        run()
    return counter.get_total_flops() // 2


def main(root, name, height, width):
    torch.manual_seed(1)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    held = resident_bytes("VmRSS")
    network, _ = NETWORKS[name](root, name)
    network.eval()
    run = runner(name, network, [torch.rand(1, 3, int(height), int(width)) for _ in range(frame_count(name))])

    def inferred():
        with torch.inference_mode():
            run()

    def facts():
        return {
            "framework": f"PyTorch {torch.__version__}",
            "parameters": sum(each.numel() for each in network.parameters() if each.requires_grad),
            "multiply_accumulates": count_multiply_accumulates(run),
        }

    serve(inferred, facts, held)


if __name__ == "__main__":
    main(*sys.argv[1:])
