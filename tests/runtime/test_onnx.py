"""onnxruntime runs what it was asked to run on, or the command ends: what it does on its own stays unseen else."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from src.errors import EnvironmentFault
from src.runtime.onnx import PROVIDERS, open_onnxruntime

MANIFEST = SimpleNamespace(inputs=[{"name": "frame0"}])


@pytest.fixture
def runtime(monkeypatch):
    """An onnxruntime that has all providers, and starts those in `starting` and that of the CPU."""

    class Session:
        def __init__(self, path, settings, providers):
            asked = [name for name, _ in providers if name in module.starting]
            self.running = [*asked, *({"CPUExecutionProvider"} - set(asked))]

        def get_providers(self):
            return self.running

        def run(self, names, arrays):
            return [2 * arrays["frame0"]]

    module = SimpleNamespace(
        starting=["CPUExecutionProvider"],
        get_available_providers=lambda: list(PROVIDERS.values()),
        SessionOptions=SimpleNamespace,
        InferenceSession=Session,
    )
    monkeypatch.setitem(sys.modules, "onnxruntime", module)
    return module


@pytest.mark.parametrize(
    ("flags", "provider"),
    [
        ({"device_target": "GPU"}, "CUDAExecutionProvider"),
        ({"device_target": "Ascend"}, "CANNExecutionProvider"),
        ({"provider": "TensorRT"}, "TensorrtExecutionProvider"),
    ],
)
def test_a_provider_that_does_not_start_is_not_replaced_by_the_cpu(runtime, flags, provider):
    with pytest.raises(EnvironmentFault, match=f"cannot start the provider {provider}, only CPUExecutionProvider"):
        open_onnxruntime("net.onnx", MANIFEST, **flags)
    runtime.starting.append(provider)
    assert open_onnxruntime("net.onnx", MANIFEST, **flags)([np.ones(1)]) == [2]


def test_the_cpu_is_taken_where_it_is_asked_for(runtime):
    assert open_onnxruntime("net.onnx", MANIFEST)([np.ones(1)]) == [2]
