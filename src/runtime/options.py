"""The arguments of the commands that predict frames."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from src.config import DEVICES, Recipe, check_values, option
from src.errors import UsageError

RUNTIMES = ("mindspore", "mindir", "lite", "onnxruntime", "openvino")
PRECISIONS = ("float32", "float16", "bfloat16")
HALF_PRECISIONS = {"float16": ("mindspore",), "bfloat16": ("openvino", "mindspore")}  # and the runtimes that have them


@dataclass(frozen=True)
class RuntimeOptions:
    """What runs the network. All but "mindspore" take an exported file, or bundle, as their ckpt_path."""

    runtime: str = option("mindspore", "what runs the network; all others take an exported ckpt_path", choices=RUNTIMES)
    provider: str = option(
        "", "onnxruntime: what it runs on (default: by device_target)", choices=("", "CPU", "CUDA", "TensorRT", "CANN")
    )
    precision: str = option(
        "float32",
        "of the multiplications: float16 with runtime mindspore, bfloat16 with openvino, or mindspore on Ascend; "
        "a video's frames that become no picture so are predicted in float32 again",
        choices=PRECISIONS,
    )

    def check_runtime(self) -> None:
        """Raise UsageError for settings that the chosen runtime, or its device, does not know."""
        if self.provider and self.runtime != "onnxruntime":
            raise UsageError(f"provider goes with runtime onnxruntime; got runtime {self.runtime}")
        known = HALF_PRECISIONS.get(self.precision, RUNTIMES)
        if self.runtime not in known:
            raise UsageError(
                f"precision {self.precision} goes with runtime {' or '.join(known)}; got runtime {self.runtime}"
            )
        if (self.precision, self.runtime) == ("bfloat16", "mindspore") and self.device_target != "Ascend":
            raise UsageError(
                f"MindSpore convolves in bfloat16 on Ascend only; got precision bfloat16, device_target "
                f"{self.device_target}"
            )


@dataclass(frozen=True)
class InferOptions(RuntimeOptions):
    """What infer.py reads and writes, and the network that it runs.

    output_path ends with a name, which others beside it begin with, however it was given: "out/" is "out".
    """

    input: str = option("", "a video file or a folder of images", positional=True, required=True)
    output_path: str = option("", "a video file or a folder, by its suffix", required=True)
    model: str = option("ifrnet_s", "network, one of the names in src/models")
    ckpt_path: str = option("", "weights, or an exported network; the model's shipped weights when left out")
    overwrite: bool = option(False, "replace an existing output")
    device_target: str = option("CPU", "what it runs on", choices=DEVICES)
    device_id: int = option(0, "which of the devices", low=0)
    batch_size: int = option(
        1, "predictions of one run of the network, for small frames on fast devices; takes so much more memory", low=1
    )
    tta: str = option(
        "off",
        "mean of several predictions. flip: of the frames and their mirror image (2 runs); full: of all 8 mirrored and "
        "turned images, for new frames in both orders (8 or 16 runs)",
        choices=("off", "flip", "full"),
    )

    def __post_init__(self):
        check_values(self)
        self.check_runtime()
        object.__setattr__(self, "output_path", _ending_with_a_name(self.output_path))


@dataclass(frozen=True)
class EvalOptions(RuntimeOptions, Recipe):
    """The arguments of eval.py: a recipe, and what runs its network."""

    REFUSED_FLAGS = ("amp_level", "dry_run", "resume")

    def __post_init__(self):
        Recipe.__post_init__(self)
        self.check_runtime()


def _ending_with_a_name(path):
    plain = Path(path)
    return str(plain if plain.name not in ("", "..") else os.path.realpath(plain)) if path else path
