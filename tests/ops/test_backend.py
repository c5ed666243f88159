"""The choice of an operator's form: requests nest and are restored, and the table decides when nobody asks."""

import mindspore
import pytest

from src.ops.backend import DEVICE_FORMS, FUSED, PORTABLE, form_of, fused, portable
from src.ops.conv3d import Convolution3d
from src.ops.convolution import Convolution2d
from src.ops.deform_conv import DeformableConvolution
from src.ops.gelu import GaussianErrorUnit
from src.ops.prelu import PReLU
from src.ops.resize import Resize
from src.ops.upsample import TransposedConvolution
from src.ops.warp import Warp

BUILDERS = {
    "warp": Warp,
    "resize": Resize,
    "prelu": lambda: PReLU(2),
    "gelu": GaussianErrorUnit,
    "convolution_gradient": lambda: Convolution2d(2, 2),
    "transposed_convolution": lambda: TransposedConvolution(2, 2),
    "convolution_3d": lambda: Convolution3d(2, 2),
    "deformable_convolution": lambda: DeformableConvolution(2, 2),
}


def test_the_table_holds_every_operator_and_every_device():
    assert set(DEVICE_FORMS) == set(BUILDERS)
    for forms in DEVICE_FORMS.values():
        assert set(forms) == {"CPU", "GPU", "Ascend"}
        assert set(forms.values()) <= {FUSED, PORTABLE}


@pytest.mark.parametrize("operator", BUILDERS)
def test_an_operator_takes_the_form_that_is_asked_for(operator):
    with portable():
        assert BUILDERS[operator]().portable
    with fused():
        assert not BUILDERS[operator]().portable


@pytest.mark.parametrize("operator", BUILDERS)
def test_without_a_request_the_table_of_devices_decides(operator, monkeypatch):
    device = mindspore.get_context("device_target")
    for form in (PORTABLE, FUSED):
        monkeypatch.setitem(DEVICE_FORMS[operator], device, form)
        assert form_of(operator) == form
        assert BUILDERS[operator]().portable == (form == PORTABLE)


def test_requests_nest_and_the_inner_one_wins():
    default = form_of("warp")
    with portable():
        with fused():
            assert form_of("warp") == FUSED
            with portable():
                assert form_of("warp") == PORTABLE
            assert form_of("warp") == FUSED
        assert form_of("warp") == PORTABLE
    assert form_of("warp") == default


def test_a_request_ends_with_an_error_inside_it():
    default = form_of("warp")
    other = {PORTABLE: fused, FUSED: portable}[default]
    with pytest.raises(RuntimeError, match="inside"), other():
        raise RuntimeError("inside")
    assert form_of("warp") == default
