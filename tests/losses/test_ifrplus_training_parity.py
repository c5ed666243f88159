"""One training step of IFR+ against mindediting's: losses and the gradient of every parameter."""

import mindspore as ms
import numpy as np
from mindspore import Tensor

from src.losses.ifrplus import IFRPlusLoss
from src.weights.published import mindediting_ifrplus_name
from tests.models.official_ifrplus import official_network
from tests.reference_weights import reference_frames
from tests.stored_numbers import stored

LOSS = {"atol": 1e-6, "rtol": 1e-4}
# rounding decides on which side of a kink some values lie: frames changed by a factor of 1 + 2e-7 move the published
# gradient norms by up to 1.1 %
GRADIENT = {"atol": 1e-4, "rtol": 2e-2}


def test_losses_and_gradient_of_every_parameter_equal_the_published_ones():
    ms.set_context(mode=ms.GRAPH_MODE)
    numbers = stored("ifrplus.npz")
    objective = IFRPlusLoss(official_network("fused", numbers))
    parameters = objective.trainable_params()
    first, middle, last = [Tensor(frame) for frame in reference_frames((1, 3, 32, 64), 3, 4)]
    teacher = Tensor((8.0 * (reference_frames((1, 4, 32, 64), 1, 5)[0] - 0.5)).astype(np.float32))
    step = ms.value_and_grad(objective, None, parameters, has_aux=True)
    (_, (pixel, frequency, perception, flow)), gradients = step(first, last, middle, teacher)

    assert float(perception.asnumpy()) == 0
    terms = [float(term.asnumpy()) for term in (pixel, frequency, flow)]
    np.testing.assert_allclose(terms, numbers["training/losses"], **LOSS)

    names = [str(name) for name in numbers["parameters/names"]]
    ours = {
        mindediting_ifrplus_name(parameter.name.replace("network.", "", 1)): gradient.asnumpy()
        for parameter, gradient in zip(parameters, gradients)
    }
    assert set(ours) == set(names)
    norms = np.array([np.sqrt(np.sum(ours[name].astype(np.float64) ** 2)) for name in names])
    np.testing.assert_allclose(norms, numbers["training/gradient_norms"], **GRADIENT)
    # a negative slope acts as zero and learns nothing; one squeeze of the published network is dead on these weights
    assert {name for name, norm in zip(names, norms) if norm == 0} == {
        "generator.refiner.mfsn.row_1_2.0.weight",
        "generator.decoder4.convblock.1.conv2.2.conv.0.weight",
        "generator.decoder4.convblock.1.conv2.2.conv.0.bias",
        "generator.decoder4.convblock.1.conv2.2.conv.2.weight",
    }
