"""Which runtime answers: flags that do not fit are refused, and what is missing is named with its pip line."""

import sys

import pytest

from src.errors import EnvironmentFault, UsageError, WeightsError
from src.runtime.choice import choose_predictor
from src.runtime.options import EvalOptions, InferOptions
from tests.runtime.exports import write_export


def options(**changes):
    return InferOptions(input="in.mp4", output_path="out.mp4", **changes)


@pytest.mark.parametrize("options_class", [InferOptions, EvalOptions])
@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"runtime": "onnxrun"}, "runtime is one of mindspore, .*did you mean 'onnxruntime'"),
        ({"provider": "CUDA"}, "provider goes with runtime onnxruntime; got runtime mindspore"),
        ({"runtime": "lite", "precision": "bfloat16"}, "bfloat16 goes with runtime openvino; got runtime lite"),
        ({"runtime": "onnxruntime", "provider": "ROCm"}, "provider is one of CPU, CUDA, TensorRT, CANN; got 'ROCm'"),
    ],
)
def test_flags_that_do_not_fit_are_refused(options_class, flags, expected):
    with pytest.raises(UsageError, match=expected):
        options_class(**flags)


@pytest.mark.parametrize(
    ("runtime", "suffix"), [("mindir", ".mindir"), ("lite", ".mindir"), ("onnxruntime", ".onnx"), ("openvino", ".onnx")]
)
def test_every_runtime_wants_its_kind_of_file(tmp_path, runtime, suffix):
    with pytest.raises(UsageError, match=rf"takes a \{suffix} file"):
        choose_predictor(options(runtime=runtime, ckpt_path="weights.ckpt"))
    with pytest.raises(UsageError, match=rf"takes a \{suffix} file.*got ''"):
        choose_predictor(options(runtime=runtime))
    with pytest.raises(WeightsError, match=f"neither an exported network .*gone{suffix}"):
        choose_predictor(options(runtime=runtime, ckpt_path=str(tmp_path / f"gone{suffix}")))
    path = write_export(tmp_path / f"net{suffix}")
    predictor = choose_predictor(options(runtime=runtime, ckpt_path=str(path)))
    assert (predictor.inputs, predictor.scale, predictor.timestep) == (2, 1, "arbitrary")


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_missing_package_is_named_with_its_pip_line(tmp_path, monkeypatch, runtime):
    monkeypatch.setitem(sys.modules, runtime, None)
    predictor = choose_predictor(options(runtime=runtime, ckpt_path=str(write_export(tmp_path / "net.onnx"))))
    path, manifest = predictor.by_size[(16, 24)]
    with pytest.raises(EnvironmentFault, match=f"{runtime} is missing: pip install -r requirements-runtimes.txt"):
        predictor.open_session(path, manifest)


def test_openvino_is_for_the_cpu():
    with pytest.raises(UsageError, match="openvino runs on CPU; got device_target GPU"):
        choose_predictor(options(runtime="openvino", device_target="GPU", ckpt_path="net.onnx"))
