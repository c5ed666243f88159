"""Flow networks as estimators: 8-bit images of any size, target first."""

import numpy as np
import pytest
from mindspore import nn, ops

from src.errors import UsageError
from src.runtime.mindspore_flow import GraphFlow, load_flow


class Reds(nn.Cell):
    """Tell the red of both frames, and need sizes divisible by 8."""

    task, multiple = "flow", 8

    def construct(self, first, second):
        assert first.shape[2] % 8 == 0 and first.shape[3] % 8 == 0
        return ops.concat((first[:, :1], second[:, :1]), 1)


@pytest.mark.parametrize("size", [(7, 5), (16, 24)])
def test_the_target_goes_in_first_and_the_flow_comes_back_in_its_size(size):
    target, frame = np.random.RandomState(1).randint(0, 256, (2, *size, 3)).astype(np.uint8)
    flow = GraphFlow(Reds())(target, frame)
    assert flow.shape == (2, *size) and flow.dtype == np.float32
    np.testing.assert_allclose(flow, np.stack((target[..., 0], frame[..., 0])) / 255, atol=1e-6)


def test_a_network_needs_weights_and_the_task_flow(tmp_path):
    with pytest.raises(UsageError, match="no weights are shipped for spynet"):
        load_flow("spynet", "")
    with pytest.raises(UsageError, match="ifrnet_s does not estimate flow"):
        load_flow("ifrnet_s", str(tmp_path / "weights.ckpt"))
