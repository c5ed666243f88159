"""A network run by MindSpore itself, compiled as a graph for every frame size it meets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from src.engine.device import start_device
from src.errors import UsageError
from src.runtime import FIXED

CHECKPOINTS = Path(__file__).resolve().parent.parent.parent / "checkpoints"


class GraphPredictor:
    """`Predictor` around a Cell that keeps the contract of src/models.

    Frames of any size are padded on the right and at the bottom by repeating the edge, up to the network's multiple,
    and the result is cropped back. What leaves [0, 1] is cut off unless `clips` is set to False, as some measures want.
    """

    def __init__(self, network, timestep: str = FIXED):
        self.network = network.set_train(False)
        self.clips = True
        self.inputs = network.inputs
        self.outputs = network.outputs
        self.scale = network.scale
        self.timestep = timestep
        self.last = (None, None)

    def __call__(self, frames: np.ndarray, times: Sequence[float]) -> np.ndarray:
        from mindspore import Tensor

        if frames.ndim != 4 or frames.shape[:2] != (self.inputs, 3):
            raise ValueError(f"frames have the shape ({self.inputs}, 3, H, W); got {frames.shape}")
        height, width = frames.shape[2:]
        padded = [Tensor(frame[None]) for frame in pad_to_multiple(frames, self.network.multiple)]
        if self.network.outputs > 1:
            return np.stack([self._all_outputs(frames, padded)[self._output_at(time)] for time in times])
        predicted = []
        # One time after the other: a batch of one is the fastest on CPU, and the memory stays that of one frame.
        for time in times:
            when = (Tensor(np.full((1, 1, 1, 1), time, np.float32)),) if self.network.takes_time else ()
            output = self.network(*padded, *when).asnumpy()[0]
            predicted.append(self._cut(output, height, width))
        return np.stack(predicted)

    def _all_outputs(self, frames, padded):
        # The same frames come again for the next of the times in between: one run serves all.
        if self.last[0] is not frames:
            height, width = frames.shape[2:]
            output = self.network(*padded).asnumpy()[0]
            self.last = frames, self._cut(output, height, width)
        return self.last[1]

    def _cut(self, output, height, width):
        output = output[..., : height * self.scale, : width * self.scale]
        return np.clip(output, 0, 1) if self.clips else output

    def _output_at(self, time):
        place = time * (self.network.outputs + 1)
        if abs(place - round(place)) > 1e-3:
            raise UsageError(f"the network predicts the times n / {self.network.outputs + 1}; got {time}")
        return round(place) - 1


def pad_to_multiple(frames: np.ndarray, multiple: int) -> np.ndarray:
    """Repeat the right and the bottom edge of (..., H, W) frames until both sizes are multiples of `multiple`."""
    height, width = frames.shape[-2:]
    margins = [(0, 0)] * (frames.ndim - 2) + [(0, -height % multiple), (0, -width % multiple)]
    return np.ascontiguousarray(np.pad(frames, margins, mode="edge"))


def load_predictor(model: str, ckpt_path: str, device_target: str, device_id: int, **options) -> GraphPredictor:
    """Return a predictor of the named network with the weights of `ckpt_path`, or its shipped ones when that is "".

    options: those of the network's class.
    Raises UsageError for an unknown model, one that predicts no frames, or one without shipped weights;
    WeightsError for unfit weights; EnvironmentFault when MindSpore or the device cannot be had.
    """
    start_device(device_target, device_id)

    from src.engine.checkpoint import load_weights
    from src.models import create_model

    network = create_model(model, **options)
    if network.task == "flow":
        raise UsageError(f"{model} predicts flow, not frames; give another --model")
    shipped = CHECKPOINTS / f"{model}.ckpt"
    if not ckpt_path and not shipped.is_file():
        raise UsageError(f"no weights are shipped for {model}: give its --ckpt_path")
    card = load_weights(network, ckpt_path or shipped, model)
    return GraphPredictor(network, card.timestep)
