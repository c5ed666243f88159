"""The choice of an operator's form: requests nest and are restored, and the table decides when nobody asks."""

import mindspore
import pytest

from src.ops.backend import (
    COMPILED,
    COMPILED_OPERATORS,
    DEVICE_FORMS,
    FUSED,
    PORTABLE,
    compiled,
    form_of,
    fused,
    portable,
)
from src.ops.batch_norm import BatchNormReLU
from src.ops.compiled import library
from src.ops.conv3d import Convolution3d
from src.ops.convolution import Convolution2d
from src.ops.deform_conv import DeformableConvolution
from src.ops.depthwise_upsample import DepthwiseUpsampling
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
    "batch_norm": lambda: BatchNormReLU(2),
    "convolution": lambda: Convolution2d(2, 2),
    "transposed_convolution": lambda: TransposedConvolution(2, 2),
    "depthwise_upsampling": lambda: DepthwiseUpsampling(2),
    "convolution_3d": lambda: Convolution3d(2, 2),
    "deformable_convolution": lambda: DeformableConvolution(2, 2),
}

# whose portable body differs from the fused one
OF_TWO_BODIES = [name for name in BUILDERS if name != "batch_norm"]


def test_the_table_holds_every_operator_and_every_device():
    assert set(DEVICE_FORMS) == set(BUILDERS)
    for forms in DEVICE_FORMS.values():
        assert set(forms) == {"CPU", "GPU", "Ascend"}
        assert set(forms.values()) <= {FUSED, PORTABLE}


@pytest.fixture
def nothing_compiled(monkeypatch):
    monkeypatch.setattr(library, "is_available", lambda: False)


@pytest.mark.parametrize("operator", OF_TWO_BODIES)
def test_an_operator_takes_the_form_that_is_asked_for(operator):
    with portable():
        assert BUILDERS[operator]().portable
    with fused():
        assert not BUILDERS[operator]().portable


@pytest.mark.parametrize("operator", OF_TWO_BODIES)
def test_without_a_request_the_table_of_devices_decides(operator, monkeypatch, nothing_compiled):
    device = mindspore.get_context("device_target")
    for form in (PORTABLE, FUSED):
        monkeypatch.setitem(DEVICE_FORMS[operator], device, form)
        assert form_of(operator) == form
        assert BUILDERS[operator]().portable == (form == PORTABLE)


@pytest.mark.skipif(not library.is_available(), reason=library.why_not())
@pytest.mark.parametrize("operator", BUILDERS)
def test_what_can_be_compiled_is_that_on_the_cpu_unless_another_form_is_asked_for(operator):
    table = form_of(operator) if operator not in COMPILED_OPERATORS else COMPILED
    assert form_of(operator) == table
    with compiled():
        assert form_of(operator) == table
        assert (getattr(BUILDERS[operator](), "compiled_form", None) is not None) == (table == COMPILED)
    with fused():
        assert getattr(BUILDERS[operator](), "compiled_form", None) is None


@pytest.mark.parametrize("device", ["GPU", "Ascend"])
def test_nothing_is_compiled_for_other_devices(device, monkeypatch):
    monkeypatch.setattr(library, "is_available", lambda: True)
    monkeypatch.setattr(mindspore, "get_context", lambda name: device)
    assert {form_of(operator) for operator in DEVICE_FORMS} <= {FUSED, PORTABLE}


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
    other = fused if default != FUSED else portable
    with pytest.raises(RuntimeError, match="inside"), other():
        raise RuntimeError("inside")
    assert form_of("warp") == default
