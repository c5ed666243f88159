"""Exported files without a network in them, for what reads manifests and pads frames."""

from __future__ import annotations

from src.runtime.exported import Manifest, manifest_path, write_manifest


def manifest(size=(16, 24), batch=1, outputs=1, scale=1, takes_time=True, **changes) -> Manifest:
    """Return the manifest of a network of two frames."""
    height, width = size
    inputs = [{"name": f"frame{index}", "shape": [batch, 3, height, width], "dtype": "float32"} for index in range(2)]
    if takes_time:
        inputs.append({"name": "time", "shape": [batch, 1, 1, 1], "dtype": "float32"})
    shape = [batch, 3, scale * height, scale * width]
    if outputs > 1:
        shape.insert(1, outputs)
    values = {
        "model": "ifrnet_s", "weights_sha256": "0" * 64, "format": "MINDIR", "form": "portable", "precision": "float32",
        "scale": scale, "timestep": "arbitrary", "frames": 2, "layout": "NCHW", "range": [0, 1], "inputs": inputs,
        "outputs": [{"name": "frames", "shape": shape, "dtype": "float32"}], "multiple": 8,
        "mindspore_version": "2.8.0", "mindir_version": 3, "loads_in": [],
    }  # fmt: skip
    return Manifest(**{**values, **changes})


def write_export(path, **facts):
    """Write a file that holds nothing, and its manifest; return its path."""
    path.touch()
    write_manifest(manifest_path(path), manifest(format=path.suffix[1:].upper(), **facts))
    return path
