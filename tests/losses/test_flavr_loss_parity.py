"""FLAVR's loss behind the network against the official implementation, with gradients of every parameter."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from src.losses.flavr import FLAVRLoss
from src.weights.published import official_flavr_name
from tests.models.official_flavr import FORMS, frames, official_network
from tests.stored_numbers import stored

LOSS = {"atol": 1e-6, "rtol": 1e-4}
GRADIENT = 1e-3


@pytest.fixture(scope="module", autouse=True)
def graph_mode():
    ms.set_context(mode=ms.GRAPH_MODE)


def training_batch(name):
    """Return four frames and the target: the frame in their middle, or the seven that follow them."""
    if name == "flavr_2x":
        frame0, frame1, target, frame2, frame3 = frames((2, 3, 32, 24), 5, 22)
        return frame0, frame1, frame2, frame3, target
    first, *others = frames((2, 3, 32, 24), 11, 22)
    target = np.stack([frame.asnumpy() for frame in others[3:]], 1)
    return (first, *others[:3], Tensor(target))


@pytest.mark.parametrize(
    "name, form",
    [
        ("flavr_2x", "default"),
        pytest.param("flavr_2x", "fused", marks=pytest.mark.slow),
        pytest.param("flavr_8x", "portable", marks=pytest.mark.slow),
    ],
)
def test_training_loss_and_gradient_of_every_parameter(name, form):
    numbers = stored(f"{name}.npz")
    network = official_network(name, form)
    with FORMS[form]():
        objective = FLAVRLoss(network)
    parameters = objective.trainable_params()
    step = ms.value_and_grad(objective, None, parameters, has_aux=True)
    (loss, (reconstruction,)), gradients = step(*training_batch(name))
    assert objective.terms == ("reconstruction",)
    np.testing.assert_allclose(float(loss.asnumpy()), numbers["training/loss"], **LOSS)
    np.testing.assert_allclose(float(reconstruction.asnumpy()), numbers["training/loss"], **LOSS)

    ours = {
        official_flavr_name(parameter.name.replace("network.", "", 1)): gradient.asnumpy()
        for parameter, gradient in zip(parameters, gradients)
    }
    names = [str(name) for name in numbers["parameters/names"]]
    assert set(ours) == set(names)
    for name, norm, samples in zip(names, numbers["training/gradient_norms"], numbers["training/gradient_samples"]):
        gradient = ours[name].reshape(-1).astype(np.float64)
        np.testing.assert_allclose(np.sqrt(np.sum(gradient**2)), norm, rtol=GRADIENT, err_msg=name)
        sampled = gradient[np.linspace(0, gradient.size - 1, 6).astype(int)]
        # gradients differ by decades between parameters: each against its own root mean square
        usual = norm / np.sqrt(gradient.size)
        np.testing.assert_allclose(sampled, samples, rtol=GRADIENT, atol=GRADIENT * usual, err_msg=name)
