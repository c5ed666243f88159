"""What every network promises: its number of parameters, and the facts its callers read from it."""

import pytest

from src.models import MODELS, count_parameters, create_model

# name: parameters (as published), frames in, frames out, scale, whether it takes a time, what it does
TABLE = {
    "ifrnet_s": (2_803_610, 2, 1, 1, True, "interpolation"),
    "ifrnet": (4_959_692, 2, 1, 1, True, "interpolation"),
    "ifrnet_l": (19_699_460, 2, 1, 1, True, "interpolation"),
    "ifrplus": (29_432_796, 2, 1, 1, False, "interpolation"),
    "flavr_2x": (42_061_571, 4, 1, 1, False, "interpolation"),
    "flavr_4x": (42_084_297, 4, 3, 1, False, "interpolation"),
    "flavr_8x": (42_121_941, 4, 7, 1, False, "interpolation"),
    "toflow_vfi": (995_723, 2, 1, 1, False, "interpolation"),
    "toflow_vsr_x4": (1_405_899, 7, 1, 4, False, "super_resolution"),
    "tdan_x4": (1_970_819, 5, 1, 4, False, "super_resolution"),
    "spynet": (960_200, 2, 1, 1, False, "flow"),
    "spynet_bn": (960_776, 2, 1, 1, False, "flow"),
    "spynet_6": (1_440_300, 2, 1, 1, False, "flow"),
    "liteflownet": (5_381_969, 2, 1, 1, False, "flow"),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_network_keeps_its_row(name):
    network = create_model(name)
    told = (network.inputs, network.outputs, network.scale, network.takes_time, network.task)
    assert (count_parameters(network), *told) == TABLE[name]
    assert network.multiple >= 1


def test_every_row_is_a_network():
    assert list(sorted(TABLE)) == sorted(MODELS)
