"""Weights that parts start from: SPyNet within TOFlow, and the networks that the perceptual loss looks with."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from src.config import Recipe
from src.engine.checkpoint import Card, save_weights
from src.engine.start import load_flow, load_perceptual, load_start
from src.errors import WeightsError
from src.losses.objectives import create_objective
from src.losses.perceptual import PerceptualDistance
from src.models import create_model
from tests.engine.perceptual_files import CONVOLUTIONS, WIDTHS, channel_weights, kernel_of, write_perceptual_files
from tests.weights.torch_writer import write_archive


def held(network):
    return {name: parameter.asnumpy() for name, parameter in network.parameters_and_names()}


@pytest.fixture(scope="module")
def perceptual_files(tmp_path_factory):
    return write_perceptual_files(tmp_path_factory.mktemp("perceptual"))


def test_the_perceptual_loss_takes_the_kernels_of_vgg_and_the_weights_of_its_channels(perceptual_files):
    distance = PerceptualDistance()
    load_perceptual(distance, *perceptual_files)
    values = held(distance)
    kernels = [values[name] for name in values if name != "weights"]
    for kernel, (place, incoming, outgoing) in zip(kernels, CONVOLUTIONS):
        np.testing.assert_array_equal(kernel, kernel_of(place, incoming, outgoing))
    np.testing.assert_array_equal(values["weights"], np.repeat([1, 2, 3, 4, 5], WIDTHS))
    assert not distance.trainable_params()


def test_weights_for_lpips_alone_leave_another_objective_as_it_is():
    network, recipe = create_model("ifrnet_s"), Recipe(lpips=True, vgg_ckpt="vgg.pth", lpips_ckpt="lpips.pth")
    load_start(network, create_objective(network, recipe), recipe)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"lin2.model.1.weight": None}, "lin2.model.1.weight is missing"),
        ({"lin2.model.1.weight": np.ones((1, 64, 1, 1), np.float32)}, r"expected \(1, 256, 1, 1\)"),
        ({"lin0.model.1.weight": np.full((1, 64, 1, 1), -1, np.float32)}, "negative weights"),
    ],
)
def test_other_weights_of_channels_are_refused_and_change_nothing(perceptual_files, tmp_path, change, expected):
    vgg, _ = perceptual_files
    tensors = {name: value for name, value in {**channel_weights(), **change}.items() if value is not None}
    distance = PerceptualDistance()
    before = held(distance)
    with pytest.raises(WeightsError, match=expected):
        load_perceptual(distance, vgg, write_archive(tmp_path / "other.pth", tensors))
    assert all((held(distance)[name] == value).all() for name, value in before.items())


def test_a_flow_with_batch_normalisation_starts_as_the_one_without_in_training_too(tmp_path):
    ms.set_context(mode=ms.GRAPH_MODE)
    plain, network = create_model("spynet"), create_model("toflow_vsr_x4")
    save_weights(plain, tmp_path / "spynet.ckpt", Card("spynet"))
    before = held(network)
    load_flow(network.spynet, tmp_path / "spynet.ckpt")
    x = Tensor(np.random.RandomState(3).randn(1, 8, 16, 16).astype(np.float32))
    level = network.spynet.levels[1].set_train()
    np.testing.assert_allclose(level(x).asnumpy(), plain.levels[1](x).asnumpy(), rtol=1e-4, atol=1e-6)
    changed = {name.split(".")[0] for name, value in held(network).items() if (value != before[name]).any()}
    assert changed == {"spynet"}


def test_a_flow_without_batch_normalisation_is_taken_as_it_is(tmp_path):
    plain, network = create_model("spynet"), create_model("toflow_vfi")
    save_weights(plain, tmp_path / "spynet.ckpt", Card("spynet"))
    load_flow(network.spynet, tmp_path / "spynet.ckpt")
    for name, value in held(plain).items():
        np.testing.assert_array_equal(held(network.spynet)[name], value)


def test_weights_of_another_network_are_no_flow(tmp_path):
    save_weights(create_model("spynet_6"), tmp_path / "spynet.ckpt", Card("spynet_6"))
    with pytest.raises(WeightsError, match="saved from spynet_6 does not fit spynet"):
        load_flow(create_model("toflow_vfi").spynet, tmp_path / "spynet.ckpt")
