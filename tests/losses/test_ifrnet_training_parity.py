"""Ten optimisation steps of IFRNet-S, the losses of each against those of the official code and torch.optim.AdamW."""

import numpy as np
from mindspore import Tensor

from src.engine.optimizer import AdamW
from src.engine.schedule import CosineRate
from src.engine.step import TrainStep
from src.losses.ifrnet import IFRNetLoss
from tests.models.official_ifrnet import FILES, official_network, times
from tests.reference_weights import reference_frames
from tests.stored_numbers import stored

STEPS = 10


def test_ten_steps_from_equal_weights_on_equal_batches():
    expected = stored("ifrnet_training.npz")["losses"]
    objective = IFRNetLoss(official_network("ifrnet_s", "default", stored(FILES["ifrnet_s"])))
    step = TrainStep(objective, AdamW(objective.trainable_params(), CosineRate(1e-4, 1e-5, STEPS))).set_train()
    losses = []
    for index in range(STEPS):
        first, target, last = (Tensor(frame) for frame in reference_frames((2, 3, 64, 96), 3, 40 + index))
        flow = Tensor(16 * (reference_frames((2, 4, 64, 96), 1, 60 + index)[0] - 0.5))
        values, _, _ = step(first, last, times(0.3, 0.8), target, flow)
        losses.append(float(values.asnumpy()[0]))
    np.testing.assert_allclose(losses, expected, atol=0, rtol=1e-3)
    assert len(set(np.round(losses, 6))) == STEPS
