"""Mindediting's checkpoints of IFR+ arrive whole; ConvNeXt V2 femto starts its encoder and nothing else."""

import mindspore
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn

from src.engine.checkpoint import Card, load_encoder, load_weights
from src.errors import WeightsError
from src.models import create_model
from src.weights.published import mindediting_ifrplus_name, official_convnext_name
from tests.models.official_ifrnet import official_shapes
from tests.stored_numbers import stored
from tests.weights.torch_writer import write_archive

DEPTHS, WIDTHS = (2, 2, 6, 2), (48, 96, 192, 384)
CLASSES = 1000
RUN = {
    "adam_m.generator.encoder.stem.0.weight": np.ones((2, 3), np.float32),
    "adam_v.generator.encoder.stem.0.weight": np.ones((2, 3), np.float32),
    "iqa_loss.model.features.0.weight": np.ones(3, np.float32),
    "global_step": np.array([7], np.int32),
    "epoch_num": np.array([1], np.int32),
}


class Small(nn.Cell):
    """Some parameters under the names of IFR+."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Cell()
        self.encoder.stem = nn.Cell()
        self.encoder.stem.norm = nn.Cell()
        self.encoder.stem.norm.weight = Parameter(Tensor(np.zeros(4, np.float32)), name="weight")
        self.encoder.stem.norm.bias = Parameter(Tensor(np.zeros(4, np.float32)), name="bias")


STEM = {"generator.encoder.stem.1.weight": np.arange(4.0), "generator.encoder.stem.1.bias": -np.arange(4.0)}


def different(shapes):
    """Return values for each shape, drawn apart."""
    random = np.random.RandomState(3)
    return {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def femto_shapes():
    """Return the shape of every tensor of the authors' femto classifier, head included."""
    shapes = {"downsample_layers.0.0.weight": (48, 3, 4, 4), "downsample_layers.0.0.bias": (48,)}
    shapes.update({"downsample_layers.0.1.weight": (48,), "downsample_layers.0.1.bias": (48,)})
    for stage, (depth, width) in enumerate(zip(DEPTHS, WIDTHS)):
        if stage:
            below = WIDTHS[stage - 1]
            owner = f"downsample_layers.{stage}"
            shapes.update({f"{owner}.0.weight": (below,), f"{owner}.0.bias": (below,)})
            shapes.update({f"{owner}.1.weight": (width, below, 2, 2), f"{owner}.1.bias": (width,)})
        for block in range(depth):
            parts = {
                "dwconv.weight": (width, 1, 7, 7), "dwconv.bias": (width,),
                "norm.weight": (width,), "norm.bias": (width,),
                "pwconv1.weight": (4 * width, width), "pwconv1.bias": (4 * width,),
                "grn.gamma": (1, 1, 1, 4 * width), "grn.beta": (1, 1, 1, 4 * width),
                "pwconv2.weight": (width, 4 * width), "pwconv2.bias": (width,),
            }  # fmt: skip
            shapes.update({f"stages.{stage}.{block}.{part}": shape for part, shape in parts.items()})
    last = WIDTHS[-1]
    head = {"norm.weight": (last,), "norm.bias": (last,), "head.weight": (CLASSES, last), "head.bias": (CLASSES,)}
    return {**shapes, **head}


def write_checkpoint(path, tensors):
    """Write a checkpoint as mindediting does: by MindSpore, without a card."""
    entries = [{"name": name, "data": Tensor(value.astype(np.float32))} for name, value in tensors.items()]
    mindspore.save_checkpoint(entries, str(path))
    return path


@pytest.fixture(scope="module")
def network():
    return create_model("ifrplus")


def held(network):
    return {name: parameter.asnumpy() for name, parameter in network.parameters_and_names()}


def test_every_value_of_a_checkpoint_of_mindediting_arrives_at_its_parameter(tmp_path, network):
    tensors = different(official_shapes(stored("ifrplus.npz")))
    path = write_checkpoint(tmp_path / "ifr_plus.ckpt", {**tensors, **RUN})
    assert load_weights(network, path, "ifrplus") == Card("ifrplus", "fixed")
    for name, value in held(network).items():
        np.testing.assert_array_equal(value, tensors[mindediting_ifrplus_name(name)])


def test_femto_starts_the_encoder_and_leaves_the_rest(tmp_path, network):
    tensors = different(femto_shapes())
    before = held(network)
    load_encoder(network, write_archive(tmp_path / "femto.pt", {"model": tensors}))
    used = set()
    for name, value in held(network).items():
        if name.startswith("encoder."):
            theirs = official_convnext_name(name)
            used.add(theirs)
            np.testing.assert_array_equal(value.ravel(), tensors[theirs].ravel())
        else:
            np.testing.assert_array_equal(value, before[name])
    assert set(tensors) - used == {"norm.weight", "norm.bias", "head.weight", "head.bias"}


def test_a_tensor_that_fits_nowhere_is_named_with_the_nearest(tmp_path):
    misspelt = {"generator.encoder.stem.1.wieght": np.zeros(4), "generator.encoder.stem.1.bias": np.zeros(4)}
    with pytest.raises(WeightsError) as caught:
        load_weights(Small(), write_checkpoint(tmp_path / "w.ckpt", misspelt), "ifrplus")
    told = str(caught.value)
    assert "stem.1.weight is missing (nearest: generator.encoder.stem.1.wieght)" in told
    assert "stem.1.wieght is no parameter of it (nearest: generator.encoder.stem.1.weight)" in told


def test_what_belongs_to_no_training_run_is_refused(tmp_path):
    more = {**STEM, **RUN, "generator.more": np.zeros(2)}
    with pytest.raises(WeightsError, match="mindediting: generator.more is no parameter of it$"):
        load_weights(Small(), write_checkpoint(tmp_path / "w.ckpt", more), "ifrplus")


@pytest.mark.parametrize("change", ["another width", "a tensor too many"])
def test_an_encoder_of_another_size_changes_nothing(tmp_path, change):
    network = Small()
    tensors = {"downsample_layers.0.1.weight": np.ones(4, np.float32), "downsample_layers.0.1.bias": np.ones(4)}
    if change == "another width":
        tensors["downsample_layers.0.1.weight"] = np.ones(5, np.float32)
    else:
        tensors["stages.0.0.dwconv.bias"] = np.ones(4, np.float32)
    tensors = {name: value.astype(np.float32) for name, value in tensors.items()}
    with pytest.raises(WeightsError, match=r"expected \(4,\)|dwconv.bias is no parameter of it"):
        load_encoder(network, write_archive(tmp_path / "femto.pt", {"model": tensors}))
    assert not any(value.any() for value in held(network).values())


def test_an_encoder_in_another_format_is_refused(tmp_path):
    path = write_checkpoint(tmp_path / "w.ckpt", STEM)
    with pytest.raises(WeightsError, match="neither a file of PyTorch nor safetensors"):
        load_encoder(Small(), path)
