"""Exported MINDIR files, run by MindSpore itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from src.engine.device import start_device
from src.errors import EnvironmentFault
from src.runtime.exported import Manifest, Session

SUFFIX = ".mindir"


def open_mindir(path: Path, manifest: Manifest, device_target: str = "CPU", device_id: int = 0) -> Session:
    """Load a MINDIR file into MindSpore and return what runs it.

    Raises EnvironmentFault when MindSpore or the device cannot be had, or the file was made by a newer MindSpore.
    """
    start_device(device_target, device_id)
    import mindspore

    try:
        network = mindspore.nn.GraphCell(mindspore.load(str(path)))
    except (RuntimeError, ValueError, AttributeError) as error:
        raise EnvironmentFault(
            f"{path}, MINDIR version {manifest.mindir_version} of MindSpore {manifest.mindspore_version}, cannot be "
            f"loaded by MindSpore {mindspore.__version__}: export with this version or an older one"
        ) from error

    def run(arrays: Sequence[np.ndarray]) -> np.ndarray:
        return network(*[mindspore.Tensor(each) for each in arrays]).asnumpy()

    return run
