"""Published layouts of every network arrive in ours; whatever does not fit is named."""

from functools import cache

import numpy as np
import pytest
from safetensors.numpy import save_file

from src.engine.checkpoint import Card, load_weights
from src.errors import WeightsError
from src.models import create_model
from src.weights import published
from src.weights.convert import LAYOUTS, arrange, published_timestep, read_weights, state_dictionary
from tests.models.official_ifrnet import official_shapes
from tests.reference_weights import reference_weights
from tests.stored_numbers import stored
from tests.weights.torch_writer import Raw, Storages, named, ordered, whole_module, write_archive, write_stream

COLOURS = np.zeros((1, 3, 1, 1), np.float32)
IDENTITY = {"first.weight": (2, 3), "first.bias": (2,)}


@cache
def shapes(model):
    """Return the shape of every parameter of a network, by our name."""
    return {name: tuple(each.shape) for name, each in create_model(model).parameters_and_names()}


def small(wanted):
    """Return shapes with no axis longer than four: quick to write, and names are what a layout is about."""
    return {name: tuple(min(size, 4) for size in shape) for name, shape in wanted.items()}


def values(names, wanted):
    """Return different values for each parameter, by the names that a publisher gives them."""
    tensors = {}
    for number, (name, shape) in enumerate(wanted.items()):
        tensors[names(name)] = np.arange(number, number + np.prod(shape), dtype=np.float32).reshape(shape)
    return tensors


def prefixed(prefix, tensors):
    return {f"{prefix}{name}": each for name, each in tensors.items()}


def mmediting(tensors, **more):
    return {"meta": {"epoch": 1, "iter": 200000}, "state_dict": {**prefixed("generator.", tensors), **more}}


def mmagic(tensors):
    hub = Raw(named("mmengine.logging.history_buffer", "HistoryBuffer") + b")\x81}b")
    state = {**prefixed("generator.", tensors), "step_counter": np.array(5)}
    return {"message_hub": {"log_scalars": {"train/loss": hub}, "runtime_info": {"iter": 5}}, "state_dict": state}


def official_flavr(tensors):
    optimizer = {"state": {0: {"step": 3, "exp_avg": np.ones(3, np.float32)}}, "param_groups": [{"lr": 2e-4}]}
    records = {"epoch": 199, "optimizer": optimizer, "best_psnr": 36.3, "lr": 1}
    return {**records, "state_dict": prefixed("module.", tensors)}


def pickled_whole(tensors):
    """Return a network saved whole: objects within objects by the parts of the names."""
    tree = {}
    for name, each in tensors.items():
        *path, last = name.split(".")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = each
    return tree


def module(node, storages, legacy):
    own = {name: each for name, each in node.items() if isinstance(each, np.ndarray)}
    inner = {name: module(each, storages, legacy) for name, each in node.items() if isinstance(each, dict)}
    state = {"_parameters": storages.placed(own, legacy), "_buffers": {}, "_modules": inner, "training": True}
    return whole_module("model", "Net", state, "class Net: ..." if legacy else None)


def plain(tensors):
    return tensors


CASES = {
    "ifrnet_s": ("ifrnet_s", published.official_ifrnet_name, plain, write_archive),
    "ifrnet_s of data parallel training": (
        "ifrnet_s", published.official_ifrnet_name, lambda tensors: prefixed("module.", tensors), write_stream),
    "flavr of its authors": ("flavr_2x", published.official_flavr_name, official_flavr, write_stream),
    "flavr of mmediting": ("flavr_2x", published.mmagic_flavr_name, mmediting, write_stream),
    "toflow of mmagic": ("toflow_vfi", published.official_toflow_name, mmagic, write_archive),
    "toflow of mmediting": (
        "toflow_vfi",
        published.official_toflow_name,
        lambda tensors: mmediting(
            tensors, **{"generator.mean": COLOURS, "generator.std": COLOURS, "generator.spynet.mean": COLOURS}),
        write_stream,
    ),
    "super-resolving toflow": (
        "toflow_vsr_x4",
        published.official_toflow_name,
        lambda tensors: mmediting(
            tensors, **{"generator.spynet.basic_module.0.basic_module.0.bn.num_batches_tracked": np.array(9)}),
        write_stream,
    ),
    "spynet of mmediting": (
        "spynet_6", published.official_toflow_name, lambda tensors: {**tensors, "mean": COLOURS, "std": COLOURS},
        write_stream),
    "spynet of sniklaus": ("spynet_6", published.modular_spynet_name, plain, write_archive),
    "tdan of mmediting": ("tdan_x4", published.official_tdan_name, mmediting, write_stream),
    "tdan of its authors, by name": ("tdan_x4", published.authors_tdan_name, plain, write_archive),
    "liteflownet": ("liteflownet", published.official_liteflownet_name, plain, write_stream),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_value_of_a_published_layout_arrives_at_its_parameter(tmp_path, case):
    model, names, layout, writer = CASES[case]
    wanted = small(shapes(model))
    tensors = values(names, wanted)
    path = writer(tmp_path / "published.pth", layout(tensors))
    read = read_weights(path, model, wanted)
    assert read.keys() == wanted.keys()
    for name, value in read.items():
        np.testing.assert_array_equal(value, tensors[names(name)])


def test_a_network_takes_published_weights_as_it_does_ours(tmp_path):
    tensors = values(published.official_ifrnet_name, shapes("ifrnet_s"))
    network = create_model("ifrnet_s")
    path = write_archive(tmp_path / "IFRNet_S_GoPro.pth", tensors)
    assert load_weights(network, path, "ifrnet_s") == Card("ifrnet_s", "arbitrary")
    for name, parameter in network.parameters_and_names():
        np.testing.assert_array_equal(parameter.asnumpy(), tensors[published.official_ifrnet_name(name)])


@pytest.mark.parametrize("legacy", [False, True], ids=["archive", "stream"])
def test_a_network_that_was_pickled_whole_arrives(tmp_path, legacy):
    tensors, storages = values(published.authors_tdan_name, small(shapes("tdan_x4"))), Storages()
    whole = module(pickled_whole(tensors), storages, legacy)
    path = (write_stream if legacy else write_archive)(tmp_path / "whole.pth", whole, storages)
    read = read_weights(path, "tdan_x4", small(shapes("tdan_x4")))
    for name, value in read.items():
        np.testing.assert_array_equal(value, tensors[published.authors_tdan_name(name)])


def test_names_and_shapes_of_the_upstream_networks_are_met():
    for model, file in (("ifrnet_s", "ifrnet_s.npz"), ("toflow_vsr_x4", "toflow_vsr.npz"), ("tdan_x4", "tdan.npz")):
        tensors = reference_weights(official_shapes(stored(file)))
        assert arrange(tensors, "upstream", model, shapes(model)).keys() == shapes(model).keys()


def test_averaged_weights_are_taken_where_there_are_any():
    state = {"generator.first.weight": np.zeros(3), "generator_ema.first.weight": np.ones(3)}
    state["step_counter"] = np.array(1)
    found = state_dictionary({"state_dict": state}, "w.pth")
    assert found.keys() == {"first.weight"} and found["first.weight"].sum() == 3


def test_an_attribute_of_the_state_dictionary_does_not_disturb(tmp_path):
    storages = Storages()
    entries = storages.placed({"first.weight": np.ones((2, 3), np.float32), "first.bias": np.ones(2, np.float32)}, True)
    path = write_stream(tmp_path / "w.pth", {"state_dict": ordered(entries)}, storages)
    assert read_weights(path, "own", IDENTITY)["first.weight"].shape == (2, 3)


def test_safetensors_are_read_and_damaged_ones_refused(tmp_path):
    tensors = values(published.official_ifrnet_name, shapes("ifrnet_s"))
    path = tmp_path / "ifrnet.safetensors"
    save_file(tensors, str(path))
    network = create_model("ifrnet_s")
    load_weights(network, path, "ifrnet_s")
    name, parameter = next(iter(network.parameters_and_names()))
    np.testing.assert_array_equal(parameter.asnumpy(), tensors[published.official_ifrnet_name(name)])
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="not a readable safetensors"):
        load_weights(network, path, "ifrnet_s")


def refusal(tensors):
    with pytest.raises(WeightsError) as caught:
        arrange(tensors, "w.pth", "own", IDENTITY)
    return str(caught.value)


def test_a_misspelt_tensor_is_named_with_the_nearest():
    told = refusal({"frist.weight": np.ones((2, 3)), "first.bias": np.ones(2)})
    assert "first.weight is missing (nearest: frist.weight)" in told
    assert "frist.weight is no parameter of it (nearest: first.weight)" in told


def test_a_tensor_that_is_not_used_is_an_error():
    tensors = {"first.weight": np.ones((2, 3)), "first.bias": np.ones(2), "more": np.ones(1)}
    assert refusal(tensors).endswith("more is no parameter of it")


def test_another_shape_and_values_that_are_not_finite_are_errors():
    told = refusal({"first.weight": np.ones((3, 2)), "first.bias": np.array([1.0, np.nan])})
    assert "first.weight is (3, 2), expected (2, 3)" in told and "first.bias has values that are not finite" in told


def test_a_file_without_tensors_holds_no_weights():
    with pytest.raises(WeightsError, match="holds no weights"):
        state_dictionary({"epoch": 3}, "w.pth")


def test_weights_of_another_network_are_refused_with_their_names(tmp_path):
    path = write_archive(tmp_path / "w.pth", values(published.official_tdan_name, small(shapes("tdan_x4"))))
    with pytest.raises(WeightsError, match=r"does not fit ifrnet_s .*encoder.pyramid1.0.0.weight is missing .* more$"):
        load_weights(create_model("ifrnet_s"), path, "ifrnet_s")


def test_published_weights_know_all_times_only_where_they_were_trained_for_them():
    assert published_timestep("IFRNet_S_GoPro.pth", "ifrnet_s") == "arbitrary"
    assert published_timestep("IFRNet_S_Vimeo90K.pth", "ifrnet_s") == "fixed"
    assert published_timestep("gopro.pth", "flavr_8x") == "fixed"


def test_every_layout_gives_every_parameter_a_name_of_its_own():
    for model in ("ifrnet_s", "flavr_2x", "spynet_6", "toflow_vfi", "tdan_x4", "liteflownet", "ifrplus"):
        for layout in LAYOUTS[model]:
            names = [layout.rename(name) for name in shapes(model)]
            assert len(set(names)) == len(names), (model, layout.title)
