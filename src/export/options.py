"""The arguments of export.py."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from src.config import DEVICES, check_values, option
from src.errors import UsageError
from src.runtime.exported import SUFFIXES


@dataclass(frozen=True)
class ExportOptions:
    """What is exported, for frames of which sizes, and in what form."""

    file_name: str = option("", "OUT, of OUT.mindir, OUT.json, OUT.golden.npz", required=True)
    model: str = option("ifrnet_s", "network, one of the names in src/models")
    ckpt_path: str = option("", "weights; the shipped ones of the model when left out")
    height: tuple = option((256,), "of the frames, in pixels; several make a bundle", several=True, low=1)
    width: tuple = option((448,), "of the frames, in pixels, one for each height", several=True, low=1)
    batch_size: int = option(1, "samples a run", low=1)
    file_format: str = option("MINDIR", "AIR needs an Ascend device", choices=tuple(SUFFIXES))
    form: str = option("portable", "portable operators, or those of the device", choices=("portable", "fused"))
    precision: str = option("float32", "of the stored kernels of convolutions", choices=("float32", "float16"))
    device_target: str = option("CPU", "what the golden output is computed on", choices=DEVICES)
    device_id: int = option(0, "which of the devices", low=0)

    def __post_init__(self):
        check_values(self)
        if Path(self.file_name).name in ("", ".."):
            raise UsageError(f"file_name names a file, as OUT or FOLDER/OUT; got {self.file_name!r}")
        if len(self.height) != len(self.width):
            raise UsageError(f"width has one number for each height; got {len(self.width)} for {len(self.height)}")
        if self.file_format == "ONNX" and self.form != "portable":
            raise UsageError(f"ONNX has the form portable only; got {self.form}")

    @property
    def paths(self) -> dict[tuple[int, int], Path]:
        """Return the file of each (height, width): OUT itself for one size, OUT_<height>x<width> for several."""
        suffix = SUFFIXES[self.file_format]
        name = Path(self.file_name)
        stem = name.with_suffix("") if name.suffix == suffix else name
        sizes = list(zip(self.height, self.width))
        if len(sizes) == 1:
            return {sizes[0]: stem.with_name(stem.name + suffix)}
        return {(h, w): stem.with_name(f"{stem.name}_{h}x{w}{suffix}") for h, w in sizes}
