"""A flow network run by MindSpore, as an estimator of the flow between two 8-bit images."""

from __future__ import annotations

import numpy as np

from src.engine.device import start_device
from src.errors import UsageError
from src.runtime.padded import multiple_size, pad_to_size


class GraphFlow:
    """Estimator around a Cell of the task "flow" that keeps the contract of src/models.

    Images of any size are padded on the right and at the bottom by repeating the edge, up to the network's multiple,
    and the flow is cropped back.
    """

    def __init__(self, network):
        self.network = network.set_train(False)

    def __call__(self, target: np.ndarray, frame: np.ndarray) -> np.ndarray:
        """Return the flow from the target to the frame: (h, w, 3) uint8 RGB both -> (2, h, w) float32, in pixels."""
        from mindspore import Tensor

        height, width = target.shape[:2]
        images = np.stack((target, frame)).transpose(0, 3, 1, 2).astype(np.float32) / 255
        padded = pad_to_size(images, multiple_size(height, width, self.network.multiple))
        first, second = (Tensor(image[None]) for image in padded)
        return self.network(first, second).asnumpy()[0, :, :height, :width]


def load_flow(model: str, ckpt_path: str, device_target: str = "CPU", device_id: int = 0, **options) -> GraphFlow:
    """Return the estimator of the named flow network with the weights of `ckpt_path`.

    options: those of the network's class. Raises UsageError for a network of another task or without ckpt_path,
    WeightsError for unfit weights, EnvironmentFault when MindSpore or the device cannot be had.
    """
    if not ckpt_path:
        raise UsageError(f"no weights are shipped for {model}: give its --ckpt_path")
    start_device(device_target, device_id)

    from src.engine.checkpoint import load_weights
    from src.models import create_model

    network = create_model(model, **options)
    if network.task != "flow":
        raise UsageError(f"{model} does not estimate flow; give another --model")
    load_weights(network, ckpt_path, model)
    return GraphFlow(network)
