"""Measure how fast things run here, two ways of each in turn, so that a busy machine disturbs both alike.

python scripts/bench.py ops: the forms of every operator; the numbers behind src/ops/backend.py.
python scripts/bench.py loader --upstream ROOT --torch_python PYTHON: our loader against that of IFRNet.
python scripts/bench.py train --network NAME --upstream ROOT --torch_python PYTHON: our training step against that of
upstream's PyTorch code, eager, on the same batch, losses and cores.
python scripts/bench.py export --network all: every exported network through every runtime, at 64x96, at 50x70 and at
what makes frames of 256x448.
python scripts/bench.py model --network all --upstream ROOT --torch_python PYTHON: parameters, multiply-accumulates,
time and memory of every network, as a Markdown table.
python scripts/bench.py edge --mindir_path X.mindir --upstream ROOT --torch_python PYTHON: the C++ program against
upstream's PyTorch code, eager, on CPU at the size of the export. With --onnx_path X.onnx instead: OpenVINO in float32.
python scripts/bench.py video [--video_path CLIP]: infer.py's whole job, from decoding to encoding, against its network
alone on the same frames; a generated clip of 1280x720 pixels without --video_path.
ROOT holds checkouts of the published code, in folders named IFRNet, FLAVR, mmagic.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.bench_edge import PROGRAM, bench_edge  # noqa: E402
from scripts.bench_export import bench_export  # noqa: E402
from scripts.bench_loader import bench_loader  # noqa: E402
from scripts.bench_model import bench_model  # noqa: E402
from scripts.bench_train import bench_train  # noqa: E402
from scripts.bench_video import bench_video  # noqa: E402
from src.engine.device import start_device  # noqa: E402
from src.errors import UsageError, run_command  # noqa: E402


def operator_cases() -> list:
    """Return (name in DEVICE_FORMS or None, description, builder, arrays) of every operator at sizes of its users."""
    from src.ops.batch_norm import BatchNormReLU
    from src.ops.conv3d import Convolution3d, TransposedConvolution3d
    from src.ops.convolution import Convolution2d
    from src.ops.correlation import CostVolume
    from src.ops.deform_conv import DeformableConvolution
    from src.ops.depthwise_upsample import DepthwiseUpsampling
    from src.ops.prelu import PReLU
    from src.ops.resize import Resize
    from src.ops.upsample import TransposedConvolution
    from src.ops.warp import Warp

    class Doubled(Resize):
        def construct(self, x):
            return super().construct(x, (2 * x.shape[2], 2 * x.shape[3]))

    random = np.random.default_rng(0)

    def normal(*shape):
        return random.normal(size=shape).astype(np.float32)

    def normalise():
        return BatchNormReLU(64).set_train()

    def transposing(in_channels, out_channels):
        return lambda: TransposedConvolution(in_channels, out_channels)

    def transposing_in_time():
        return TransposedConvolution3d(64, 64)

    def deformable(deform_groups):
        return lambda: DeformableConvolution(64, 64, deform_groups=deform_groups)

    warp, resize, prelu, flat, in_time = "warp", "resize", "prelu", "convolution", "convolution_3d"
    transposed, deformed, normalised = "transposed_convolution", "deformable_convolution", "batch_norm"
    return [
        (warp, "warp 3 ch 256x448", Warp, (normal(1, 3, 256, 448), 3 * normal(1, 2, 256, 448))),
        (warp, "warp 24 ch 128x224", Warp, (normal(1, 24, 128, 224), 3 * normal(1, 2, 128, 224))),
        (warp, "warp 54 ch 32x56", Warp, (normal(1, 54, 32, 56), 3 * normal(1, 2, 32, 56))),
        (warp, "warp 24 ch 64x64 batch 4", Warp, (normal(4, 24, 64, 64), 3 * normal(4, 2, 64, 64))),
        (resize, "resize x2 3 ch 128x224", Doubled, (normal(1, 3, 128, 224),)),
        (resize, "resize x2 4 ch 16x28", Doubled, (normal(1, 4, 16, 28),)),
        (prelu, "PReLU 24 ch 128x224", lambda: PReLU(24), (normal(1, 24, 128, 224),)),
        (prelu, "PReLU 72 ch 64x64 batch 4", lambda: PReLU(72), (normal(4, 72, 64, 64),)),
        (flat, "convolution 64 ch 128x224", lambda: Convolution2d(64, 64), (normal(1, 64, 128, 224),)),
        (flat, "convolution 7x7 32 to 64 ch", lambda: Convolution2d(32, 64, 7), (normal(2, 32, 128, 128),)),
        (flat, "convolution 24 ch batch 4", lambda: Convolution2d(24, 24), (normal(4, 24, 64, 64),)),
        (in_time, "convolution 3-D 64 ch 4x64x64", lambda: Convolution3d(64, 64), (normal(1, 64, 4, 64, 64),)),
        (normalised, "batch norm, ReLU 64 ch 128x128", normalise, (normal(1, 64, 128, 128),)),
        (transposed, "transposed 72 to 8 ch 128x224", transposing(72, 8), (normal(1, 72, 128, 224),)),
        (transposed, "transposed 144 to 58 ch 16x28", transposing(144, 58), (normal(1, 144, 16, 28),)),
        ("depthwise_upsampling", "depthwise x2 96 ch 32x56", lambda: DepthwiseUpsampling(96), (normal(1, 96, 32, 56),)),
        (in_time, "transposed 3-D 64 to 64 ch 4x32x32", transposing_in_time, (normal(1, 64, 4, 32, 32),)),
        (
            deformed,
            "deformable 64 ch 8 groups 64x112",
            deformable(8),
            (normal(1, 64, 64, 112), normal(1, 144, 64, 112)),
        ),
        (deformed, "deformable 64 ch 1 group 64x112", deformable(1), (normal(1, 64, 64, 112), normal(1, 18, 64, 112))),
        (None, "cost volume 64 ch 32x56", CostVolume, (normal(1, 64, 32, 56), normal(1, 64, 32, 56))),
        (None, "cost volume 64 ch 64x112", CostVolume, (normal(1, 64, 64, 112), normal(1, 64, 64, 112))),
    ]


def alternate(functions: dict, rounds: int) -> dict:
    """Return the milliseconds {name: [one a round]} of functions that take turns, after one round that is not kept."""
    milliseconds = {name: [] for name in functions}
    for index in range(rounds + 1):
        # the order turns about, so that what one leaves in the caches serves none in particular
        for name in sorted(functions, reverse=bool(index % 2)):
            start = time.perf_counter()
            functions[name]()
            milliseconds[name].append(1e3 * (time.perf_counter() - start))
    return {name: values[1:] for name, values in milliseconds.items()}


def forward_and_training(build, arrays: tuple) -> tuple:
    """Return two functions that run an operator once: forward, and forward with the gradients of all it takes."""
    from mindspore import ParameterTuple, Tensor, ops

    network = build()
    inputs = [Tensor(array) for array in arrays]
    parameters = ParameterTuple(network.trainable_params())
    differentiate = ops.GradOperation(get_all=True, get_by_list=bool(parameters))
    differentiated = differentiate(network, parameters) if parameters else differentiate(network)

    def training():
        gradients = differentiated(*inputs)
        (gradients[0][0] if parameters else gradients[0]).asnumpy()

    return lambda: network(*inputs).asnumpy(), training


def compared(forms: dict, rounds: int) -> str:
    """Return one pass's columns: the median in ms of the fused form, and the ratios of the others to it.

    The ratios are those of the fastest rounds. An operator of a single form has its own median.
    """
    times = alternate(forms, rounds)
    first = times.get("fused") or times["portable"]
    columns = f"{statistics.median(first):8.2f}"
    for form in ("portable", "compiled"):
        ratio = f"{min(times[form]) / min(first):.2f}x" if "fused" in times and form in times else "-"
        columns += f" {ratio:>8}"
    return columns


def bench_operators(options: argparse.Namespace) -> None:
    """Print the table of operators: what the fused form takes, and portable / fused and compiled / fused."""
    start_device(options.device_target, seed=1)
    import mindspore

    from src.ops.backend import COMPILED_OPERATORS, compiled, form_of, fused, portable
    from src.ops.compiled import library

    requests = {"fused": fused, "portable": portable}
    if options.device_target == "CPU" and library.is_available():
        requests["compiled"] = compiled

    print(f"MindSpore {mindspore.__version__}, {options.device_target}, {options.rounds} rounds, milliseconds")
    columns = f"{'fused ms':>8} {'portable':>8} {'compiled':>8}"
    print(f"{'':34} {'forward':^26}  {'with gradients':^26}")
    print(f"{'operator':34} {columns}  {columns}  default")
    for name, description, build, arrays in operator_cases():
        passes = ({}, {})
        for form, request in requests.items():
            if name in COMPILED_OPERATORS if form == "compiled" else name or form == "portable":
                with request():
                    functions = forward_and_training(build, arrays)
                for each, function in zip(passes, functions):
                    each[form] = function
        forward, training = (compared(each, options.rounds) for each in passes)
        print(f"{description:34} {forward}  {training}  {form_of(name) if name else 'one form'}", flush=True)


COMMANDS = {
    "ops": bench_operators,
    "loader": bench_loader,
    "train": bench_train,
    "model": bench_model,
    "edge": bench_edge,
    "export": bench_export,
    "video": bench_video,
}
ROUNDS = {"video": 3}  # of what takes long; else 15
ON_CPU = ("loader", "edge", "export")


def main(arguments: list) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=COMMANDS, help="what is measured")
    parser.add_argument("--rounds", type=int, default=0, help="not export: how often (default: 15; video: 3)")
    devices = ("CPU", "GPU", "Ascend")
    parser.add_argument("--device_target", choices=devices, default="CPU", help="ops, train, model, video: default CPU")
    parser.add_argument("--upstream", default="", help="loader, train, model, edge: checkouts (default: ours alone)")
    parser.add_argument("--torch_python", default="python3", help="loader, train, model, edge: a Python with PyTorch")
    parser.add_argument("--network", default="ifrnet_s", help="a name of src/models; model, export: or all")
    parser.add_argument("--sizes", nargs="+", default=[], help="model, export, video: HEIGHTxWIDTH of the frames")
    parser.add_argument("--work_path", default="", help="export: where its folder of files is made (default: /tmp)")
    parser.add_argument(
        "--rows_path", default="outputs/bench_export.json", help="export: its rows; those that agree are kept"
    )
    loader = parser.add_argument_group("loader")
    loader.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers of workers (default: 1 2)")
    loader.add_argument("--batch_size", type=int, default=6, help="default: %(default)s")
    loader.add_argument("--batches", type=int, default=10, help="timed in a round (default: %(default)s)")
    loader.add_argument("--clips", type=int, default=40, help="generated triplets (default: %(default)s)")
    loader.add_argument("--data_path", default="", help="a vimeo_triplet folder with flow instead of generated ones")
    edge = parser.add_argument_group("edge")
    edge.add_argument("--mindir_path", default="", help="an export of an IFRNet by MindSpore 2.0.0")
    edge.add_argument("--onnx_path", default="", help="an ONNX export of an IFRNet, for OpenVINO instead")
    edge.add_argument("--program", default=str(PROGRAM), help="default: %(default)s")
    edge.add_argument("--runs", type=int, default=10, help="predictions in a round (default: %(default)s)")
    video = parser.add_argument_group("video")
    video.add_argument("--video_path", default="", help="a clip instead of a generated one")
    video.add_argument("--clip_frames", type=int, default=17, help="of the generated clip (default: %(default)s)")
    video.add_argument("--ckpt_path", default="", help="weights of --network (default: the shipped ones)")
    options = parser.parse_args(arguments)
    if options.rounds < 0:
        raise UsageError(f"--rounds is at least 1; got {options.rounds}")
    if options.command in ON_CPU and options.device_target != "CPU":
        raise UsageError(f"{options.command} measures the CPU; got --device_target {options.device_target}")
    options.rounds = options.rounds or ROUNDS.get(options.command, 15)
    COMMANDS[options.command](options)


if __name__ == "__main__":
    run_command(main)
