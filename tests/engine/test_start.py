"""Weights that parts start from: SPyNet within TOFlow, and the networks that the perceptual loss looks with."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from src.engine.checkpoint import Card, save_weights
from src.engine.start import load_flow, load_perceptual
from src.errors import WeightsError
from src.losses.perceptual import PerceptualDistance
from src.models import create_model
from tests.weights.torch_writer import write_archive

WIDTHS = (64, 128, 256, 512, 512)
# torchvision's VGG-16: the number of each convolution among its layers, and its channels in and out
CONVOLUTIONS = (
    (0, 3, 64), (2, 64, 64), (5, 64, 128), (7, 128, 128), (10, 128, 256), (12, 256, 256), (14, 256, 256),
    (17, 256, 512), (19, 512, 512), (21, 512, 512), (24, 512, 512), (26, 512, 512), (28, 512, 512),
)  # fmt: skip


def held(network):
    return {name: parameter.asnumpy() for name, parameter in network.parameters_and_names()}


@pytest.fixture(scope="module")
def perceptual_files(tmp_path_factory):
    """Both files with few different values, by the names of torchvision and the lpips package."""
    folder = tmp_path_factory.mktemp("perceptual")
    vgg = {}
    for place, incoming, outgoing in CONVOLUTIONS:
        vgg[f"features.{place}.weight"] = np.full((outgoing, incoming, 3, 3), place + 0.5, np.float32)
        vgg[f"features.{place}.bias"] = np.ones(outgoing, np.float32)
    vgg["classifier.6.weight"] = np.zeros((10, 4), np.float32)
    lpips = {f"lin{k}.model.1.weight": np.full((1, width, 1, 1), k + 1, np.float32) for k, width in enumerate(WIDTHS)}
    return write_archive(folder / "vgg16.pth", vgg), write_archive(folder / "lpips.pth", lpips), lpips


def test_the_perceptual_loss_takes_the_kernels_of_vgg_and_the_weights_of_its_channels(perceptual_files):
    distance = PerceptualDistance()
    load_perceptual(distance, *perceptual_files[:2])
    values = held(distance)
    kernels = [values[name] for name in values if name != "weights"]
    assert [float(kernel.min()) for kernel in kernels] == [place + 0.5 for place, _, _ in CONVOLUTIONS]
    np.testing.assert_array_equal(values["weights"], np.repeat([1, 2, 3, 4, 5], WIDTHS))
    assert not distance.trainable_params()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"lin2.model.1.weight": None}, "lin2.model.1.weight is missing"),
        ({"lin2.model.1.weight": np.ones((1, 64, 1, 1), np.float32)}, r"expected \(1, 256, 1, 1\)"),
        ({"lin0.model.1.weight": np.full((1, 64, 1, 1), -1, np.float32)}, "negative weights"),
    ],
)
def test_other_weights_of_channels_are_refused_and_change_nothing(perceptual_files, tmp_path, change, expected):
    vgg, _, lpips = perceptual_files
    tensors = {name: value for name, value in {**lpips, **change}.items() if value is not None}
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
