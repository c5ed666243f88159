"""Exported ONNX files are rewritten as told, and compute what they did."""

import mindspore  # noqa: F401 before onnx, after whose protocol buffers it cannot be imported
import numpy as np
import pytest

from src.export.onnx_graph import repair_onnx

onnx = pytest.importorskip("onnx", reason="no onnx: pip install -r requirements-runtimes.txt")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402 after the check
from onnx.reference import ReferenceEvaluator  # noqa: E402

ROWS = np.random.RandomState(0).rand(5, 3).astype(np.float32)
WEIGHTS = np.random.RandomState(1).rand(5, 1).astype(np.float32)


def _file(path, nodes):
    inputs = [
        helper.make_tensor_value_info("x1", TensorProto.FLOAT, ROWS.shape),
        helper.make_tensor_value_info("x2", TensorProto.FLOAT, WEIGHTS.shape),
    ]
    outputs = [helper.make_tensor_value_info("9", TensorProto.FLOAT, None)]
    constants = [numpy_helper.from_array(np.array([1, 3], np.int64), "repeats")]
    graph = helper.make_graph(nodes, "net", inputs, outputs, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6), str(path))


def _run(path, **arrays):
    return ReferenceEvaluator(str(path)).run(None, arrays)[0]


TILE = helper.make_node("Tile", ["x2", "repeats"], ["wide"])


@pytest.mark.parametrize(
    ("nodes", "expected", "kinds"),
    [
        ([TILE, helper.make_node("Mul", ["x1", "wide"], ["9"])], ROWS * WEIGHTS, ["Mul"]),
        ([TILE, helper.make_node("Mul", ["wide", "x1"], ["9"])], ROWS * WEIGHTS, ["Mul"]),
        # the sum needs what is repeated, and so does the square
        ([TILE, helper.make_node("Add", ["x1", "wide"], ["9"])], ROWS + WEIGHTS, ["Tile", "Add"]),
        (
            [TILE, helper.make_node("Mul", ["wide", "wide"], ["9"])],
            np.repeat(WEIGHTS, 3, axis=1) ** 2,
            ["Tile", "Mul"],
        ),
        # one value for all is no row's shape
        (
            [
                TILE,
                helper.make_node("ReduceMean", ["x1"], ["mean"], axes=[0], keepdims=1),
                helper.make_node("Mul", ["mean", "wide"], ["9"]),
            ],
            ROWS.mean(0, keepdims=True) * WEIGHTS,
            ["Tile", "ReduceMean", "Mul"],
        ),
    ],
    ids=["right", "left", "added", "squared", "smaller_factor"],
)
def test_nothing_is_repeated_to_multiply_and_results_stay(tmp_path, nodes, expected, kinds):
    path = tmp_path / "net.onnx"
    _file(path, nodes)
    repair_onnx(path, ["rows", "weights"], "frames")
    assert [node.op_type for node in onnx.load(str(path)).graph.node] == kinds
    np.testing.assert_allclose(_run(path, rows=ROWS, weights=WEIGHTS), expected, rtol=1e-6)


def test_inputs_and_output_are_named_as_told(tmp_path):
    path = tmp_path / "net.onnx"
    _file(path, [helper.make_node("Mul", ["x1", "x2"], ["9"])])
    repair_onnx(path, ["rows", "weights"], "frames")
    graph = onnx.load(str(path)).graph
    assert [each.name for each in graph.input] == ["rows", "weights"]
    assert [each.name for each in graph.output] == ["frames"]
