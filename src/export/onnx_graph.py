"""What MindSpore's ONNX converter leaves to be done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from src.errors import EnvironmentFault


def repair_onnx(path: Path, inputs: Sequence[str], output: str) -> None:
    """Rewrite an exported ONNX file: its inputs and its one output are named as told, nothing is repeated to multiply.

    MindSpore on CPU multiplies faster where both shapes are the same (src/ops/bilinear.py); others lose a sixth of the
    time by it. Raises EnvironmentFault when the onnx package is missing.
    """
    try:
        import onnx
    except ImportError as error:
        raise EnvironmentFault(f"onnx is missing: pip install -r requirements-runtimes.txt ({error})") from error
    model = onnx.shape_inference.infer_shapes(onnx.load(str(path)))
    _rename(model.graph, dict(zip([each.name for each in model.graph.input], inputs)))
    _rename(model.graph, {model.graph.output[0].name: output})
    _multiply_without_repeating(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _rename(graph, names):
    for value in (*graph.input, *graph.output):
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [names.get(each, each) for each in node.input]
        node.output[:] = [names.get(each, each) for each in node.output]


def _multiply_without_repeating(graph):
    """Take out each Tile whose result is only multiplied with other values of its shape: Mul repeats by itself."""
    shapes = {value.name: _shape(value) for value in (*graph.input, *graph.value_info)}
    for tile in [node for node in graph.node if node.op_type == "Tile"]:
        once, repeated = tile.input[0], tile.output[0]
        users = [node for node in graph.node if repeated in node.input]
        if _spreads(shapes.get(once), shapes[repeated]) and all(_multiplies(each, repeated, shapes) for each in users):
            for node in users:
                node.input[:] = [once if each == repeated else each for each in node.input]
            graph.node.remove(tile)


def _spreads(shape, repeated):
    return shape is not None and all(size in (1, full) for size, full in zip(shape, repeated))


def _multiplies(node, repeated, shapes):
    others = [each for each in node.input if each != repeated]
    return node.op_type == "Mul" and len(others) == 1 and shapes.get(others[0]) == shapes[repeated]


def _shape(value):
    return [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
