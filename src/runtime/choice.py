"""Which runtime a command asked for."""

from __future__ import annotations

import dataclasses
from functools import partial

from src.errors import UsageError
from src.runtime import Predictor
from src.runtime.ensemble import Ensemble
from src.runtime.exact import Deferred
from src.runtime.options import InferOptions


def choose_predictor(options, flow_scale: float = 1.0, batch_size: int = 1, needs_scale: bool = True) -> Predictor:
    """Return the predictor of options.runtime, of the network options.model with what options.ckpt_path names.

    That is weights for the runtime "mindspore", an exported file or bundle for all others. flow_scale: the scale at
    which motion is estimated, of networks that can choose it; unless it `needs_scale`, others estimate it at 1.
    batch_size: predictions of one run of the network. Raises what the runtimes do, and UsageError for a scale that the
    network cannot choose, or a scale or a batch that is not the exported one.
    """
    if not needs_scale and not _has_flow_scale(options):
        flow_scale = 1.0
    if options.runtime == "mindspore":
        from src.runtime.mindspore_graph import load_predictor

        changes = {"flow_scale": flow_scale} if flow_scale != 1 else {}
        if changes and not _has_flow_scale(options):
            raise UsageError(f"{options.model} estimates motion at scale 1 only; got flow_scale {flow_scale:g}")
        if options.precision != "float32":
            changes["precision"] = options.precision
        if batch_size != 1:
            changes["batch_size"] = batch_size
        return load_predictor(options.model, options.ckpt_path, options.device_target, options.device_id, **changes)
    if flow_scale != 1:
        raise UsageError(f"exported networks estimate motion at scale 1; got flow_scale {flow_scale:g}")
    from src.runtime.exported_predictor import load_exported

    suffix, open_session = _exported_runtime(options)
    return load_exported(options, suffix, open_session, batch_size)


def video_predictor(options: InferOptions, flow_scale: float = 1.0, needs_scale: bool = True) -> Predictor:
    """Return the predictor of `choose_predictor` with options.batch_size, averaged as options.tta says.

    In half precision it has `exact`, the same in single precision, which is loaded when it is first asked.
    """
    predictor = choose_predictor(options, flow_scale, options.batch_size, needs_scale)
    if options.tta != "off":
        predictor = Ensemble(predictor, options.tta)
    if options.precision != "float32":
        single = dataclasses.replace(options, precision="float32", batch_size=1)
        predictor.exact = Deferred(predictor, partial(video_predictor, single, flow_scale, needs_scale))
    return predictor


def _has_flow_scale(options):
    if options.runtime != "mindspore":
        return False
    from src.models import has_option

    return has_option(options.model, "flow_scale")


def _exported_runtime(options):
    device = {"device_target": options.device_target, "device_id": options.device_id}
    if options.runtime == "mindir":
        from src.runtime.mindir import SUFFIX, open_mindir

        return SUFFIX, partial(open_mindir, **device)
    if options.runtime == "lite":
        from src.runtime.lite import SUFFIX, LiteSession

        return SUFFIX, partial(LiteSession, **device)
    if options.runtime == "onnxruntime":
        from src.runtime.onnx import SUFFIX, open_onnxruntime

        return SUFFIX, partial(open_onnxruntime, **device, provider=options.provider)
    if options.device_target != "CPU":
        raise UsageError(f"openvino runs on CPU; got device_target {options.device_target}")
    from src.runtime.openvino import SUFFIX, open_openvino

    return SUFFIX, partial(open_openvino, precision=options.precision)
