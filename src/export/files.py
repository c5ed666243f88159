"""From a network to its exported files, which appear only when they give the golden output."""

from __future__ import annotations

import errno
import gc
import hashlib
import inspect
import os
import re
import tempfile
from pathlib import Path

import mindspore

from src.engine.checkpoint import load_weights
from src.engine.device import start_device
from src.errors import EnvironmentFault, UsageError, WeightsError, exit_code_of
from src.export.golden import golden_inputs
from src.export.onnx_graph import repair_onnx
from src.models import create_model
from src.ops.backend import fused, portable
from src.ops.precision import store_half
from src.runtime.exported import (
    SUFFIXES,
    TOLERANCE,
    Manifest,
    golden_difference,
    golden_path,
    manifest_path,
    write_golden,
    write_manifest,
)
from src.runtime.mindir import open_mindir
from src.runtime.mindspore_graph import weights_path
from src.runtime.onnx import open_onnxruntime
from src.runtime.padded import multiple_size
from src.weights.download import local_file

_FORMS = {"portable": portable, "fused": fused}


class Exporter:
    """Writes the files of one network, for one size after the other.

    options: an `ExportOptions`. Raises UsageError for networks that predict no frames or have no weights, WeightsError
    for unfit weights, EnvironmentFault when MindSpore, the device or a needed package cannot be had.
    """

    def __init__(self, options):
        if options.file_format == "AIR" and options.device_target != "Ascend":
            raise EnvironmentFault(f"AIR is exported on Ascend devices only; got device_target {options.device_target}")
        start_device(options.device_target, options.device_id)
        self.options = options
        self.weights = local_file(weights_path(options.model, options.ckpt_path))
        with _FORMS[options.form]():
            self.network, self.card = self._network()

    def export(self, size: tuple[int, int], path: Path) -> float:
        """Write `path`, its manifest and its golden output, for frames of that (height, width).

        Returns the largest difference from the golden output. Raises WeightsError when it is above the tolerance, and
        UsageError when the manifest's name belongs to an export of another format, or before anything is computed when
        nothing can be written there; nothing is written then.
        """
        with _unfinished_folder(path) as folder:
            for suffix in SUFFIXES.values():
                other = path.with_suffix(suffix)
                if other != path and other.exists():
                    raise UsageError(f"{manifest_path(path).name} belongs to {other}: give another --file_name")
            size = multiple_size(*size, self.network.multiple)
            inputs = golden_inputs(self.network, self.options.batch_size, size)
            tensors = [mindspore.Tensor(each) for each in inputs]
            golden = self._golden(tensors)
            unfinished = Path(folder) / path.name
            self._write(tensors, unfinished)
            manifest = self._manifest(unfinished, inputs, golden)
            write_manifest(manifest_path(unfinished), manifest)
            write_golden(golden_path(unfinished), inputs, [golden])
            difference = self._checked(unfinished, manifest)
            _publish(unfinished, path)
        return difference

    def _network(self):
        network = create_model(self.options.model)
        if network.task == "flow":
            raise UsageError(f"{self.options.model} predicts flow, not frames; give another --model")
        card = load_weights(network, self.weights, self.options.model)
        if self.options.precision == "float16":
            store_half(network)
        return network.set_train(False), card

    def _golden(self, tensors):
        # the device's own form: a mistake of the exported form shows
        reference, _ = self._network()
        golden = reference(*tensors).asnumpy()
        # a compiled graph keeps the memory of its run, which the check of the export takes as well
        del reference
        gc.collect()
        return golden

    def _write(self, tensors, path):
        try:
            mindspore.export(self.network, *tensors, file_name=str(path), file_format=self.options.file_format)
        except RuntimeError as error:
            missing = re.search(r"Can not find key (\w+) in convert map", str(error))
            if not missing:
                raise
            raise EnvironmentFault(
                f"MindSpore {mindspore.__version__} cannot convert the operator {missing[1]} of {self.options.model} "
                f"to {self.options.file_format}: export MINDIR"
            ) from error
        path.chmod(0o644)

    def _manifest(self, path, inputs, golden):
        names = list(inspect.signature(self.network.construct).parameters)
        if self.options.file_format == "ONNX":
            repair_onnx(path, names, "frames")
        version = mindir_version(path) if self.options.file_format == "MINDIR" else None
        return Manifest(
            model=self.options.model,
            weights_sha256=hashlib.sha256(self.weights.read_bytes()).hexdigest(),
            format=self.options.file_format,
            form=self.options.form,
            precision=self.options.precision,
            scale=self.network.scale,
            timestep=self.card.timestep,
            frames=self.network.inputs,
            layout="NCHW",
            range=(0, 1),
            inputs=tuple(_described(*each) for each in zip(names, inputs)),
            outputs=(_described("frames", golden),),
            multiple=self.network.multiple,
            mindspore_version=mindspore.__version__,
            mindir_version=version,
            loads_in=loads_in(self.options.file_format, self.options.form, version),
        )

    def _checked(self, path, manifest):
        if self.options.file_format == "AIR":
            return float("nan")  # no runtime reads it back
        device = (self.options.device_target, self.options.device_id)
        if self.options.file_format == "ONNX":
            session = open_onnxruntime(path, manifest, provider="CPU")
        else:
            session = open_mindir(path, manifest, *device)
        difference = golden_difference(session, path)
        if not difference <= TOLERANCE:
            raise WeightsError(
                f"the exported {path.name} differs by {difference:.2g} from its golden output; at most {TOLERANCE} is "
                "allowed, and nothing was written"
            )
        return difference


def mindir_version(path: Path) -> int:
    """Return the version of the format that a MINDIR file is in."""
    from mindspore.train.mind_ir_pb2 import ModelProto

    model = ModelProto()
    model.ParseFromString(path.read_bytes())
    return model.mind_ir_version


def loads_in(file_format: str, form: str, version: int | None) -> tuple:
    """Return who can load such a file, for people to read."""
    if file_format == "AIR":
        return ("the ATC converter of Ascend",)
    if file_format == "ONNX":
        return ("onnxruntime", "OpenVINO", "everything that reads ONNX opset 11")
    framework = f"MindSpore {mindspore.__version__} and later"
    if form != "portable":
        return (framework,)
    lite = "2.0.0 and later" if version == 1 else f"that reads MINDIR version {version}"
    return framework, f"MindSpore Lite {lite}"


def _described(name, array):
    return {"name": name, "shape": list(array.shape), "dtype": "float32"}


def _unfinished_folder(path):
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        if exit_code_of(error) is not None:  # a full disk
            raise
        raise UsageError(f"file_name {path}: cannot be written: {error.strerror}") from error


def _publish(unfinished, path):
    # The network comes last: where it stands, the manifest and the golden output beside it are its own.
    path.unlink(missing_ok=True)
    for place in (golden_path, manifest_path, Path):
        os.replace(place(unfinished), place(path))
