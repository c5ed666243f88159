"""A network run by MindSpore itself, compiled as a graph for every frame size it meets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from src.engine.device import start_device
from src.errors import UsageError
from src.runtime import FIXED
from src.runtime.padded import PaddedPredictor, multiple_size

CHECKPOINTS = Path(__file__).resolve().parent.parent.parent / "checkpoints"


class GraphPredictor(PaddedPredictor):
    """`Predictor` around a Cell that keeps the contract of src/models."""

    def __init__(self, network, timestep: str = FIXED, batch_size: int = 1):
        super().__init__(network, timestep, batch_size)
        self.network = network.set_train(False)

    def fitting_size(self, height: int, width: int) -> tuple[int, int]:
        return multiple_size(height, width, self.network.multiple)

    def run(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        from mindspore import Tensor

        return self.network(*[Tensor(each) for each in arrays]).asnumpy()


def load_predictor(
    model: str,
    ckpt_path: str,
    device_target: str,
    device_id: int,
    precision: str = "float32",
    batch_size: int = 1,
    **options,
) -> GraphPredictor:
    """Return a predictor of the named network with the weights of `ckpt_path`, or its shipped ones when that is "".

    precision: "float32", or "float16" or "bfloat16" for the multiplications of convolutions. batch_size: predictions of
    one run. options: those of the network's class.
    Raises UsageError for an unknown model, options it lacks, one that predicts no frames, or has no shipped weights;
    WeightsError for unfit weights; EnvironmentFault when MindSpore or the device cannot be had.
    """
    start_device(device_target, device_id)

    from src.engine.checkpoint import load_weights
    from src.models import create_model
    from src.ops.precision import halve_convolutions

    try:
        network = create_model(model, **options)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if network.task == "flow":
        raise UsageError(f"{model} predicts flow, not frames; give another --model")
    card = load_weights(network, weights_path(model, ckpt_path), model)
    if precision != "float32":
        halve_convolutions(network, precision)
    return GraphPredictor(network, card.timestep, batch_size)


def weights_path(model: str, ckpt_path: str) -> str | Path:
    """Return `ckpt_path`, or the shipped weights of the model when that is ""; raise UsageError when there are none."""
    shipped = CHECKPOINTS / f"{model}.ckpt"
    if not ckpt_path and not shipped.is_file():
        raise UsageError(f"no weights are shipped for {model}: give its --ckpt_path")
    return ckpt_path or shipped
