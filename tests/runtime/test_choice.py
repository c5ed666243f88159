"""Which runtime answers: flags that do not fit are refused, and what is missing is named with its pip line."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from src.errors import EnvironmentFault, UsageError, WeightsError
from src.runtime.choice import choose_predictor, video_predictor
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
        ({"runtime": "lite", "precision": "bfloat16"}, "bfloat16 goes with runtime openvino or mindspore; got .* lite"),
        ({"runtime": "openvino", "precision": "float16"}, "float16 goes with runtime mindspore; got runtime openvino"),
        ({"precision": "bfloat16", "device_target": "GPU"}, "bfloat16 on Ascend only; .*device_target GPU"),
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


class Fake:
    """Stands for a predictor of the MindSpore runtime, and is no picture in half precision."""

    inputs, outputs, scale, timestep, batch_size = 2, 1, 1, "fixed", 1

    def __init__(self, *arguments, precision="float32"):
        self.value = np.nan if precision == "float16" else 0.5

    def __call__(self, frames, times):
        return np.full((len(times), *frames.shape[1:]), self.value, np.float32)


@pytest.mark.parametrize("tta", ["off", "full"])
def test_half_precision_has_single_precision_to_fall_back_upon(monkeypatch, tta):
    loaded = []

    def load_predictor(*arguments, **changes):
        loaded.append(changes)
        return Fake(*arguments, **changes)

    monkeypatch.setitem(sys.modules, "src.runtime.mindspore_graph", SimpleNamespace(load_predictor=load_predictor))
    predictor = video_predictor(options(precision="float16", tta=tta))
    frames = np.zeros((2, 3, 4, 5), np.float32)
    assert np.isnan(predictor(frames, [0.5])).all()
    assert loaded == [{"precision": "float16"}], "what stands by is not loaded before it is needed"
    for _ in range(2):
        assert (predictor.exact(frames, [0.5]) == 0.5).all()
    assert loaded == [{"precision": "float16"}, {}]
    assert not hasattr(video_predictor(options()), "exact")


def test_openvino_is_for_the_cpu():
    with pytest.raises(UsageError, match="openvino runs on CPU; got device_target GPU"):
        choose_predictor(options(runtime="openvino", device_target="GPU", ckpt_path="net.onnx"))
