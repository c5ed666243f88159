"""One sample while it is read and augmented: its frames, true images, times and flow together."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Window:
    """Frames and what is true of them; nothing of it is changed in place.

    frames: (3, h, w) each, in order of time. targets: (3, h * scale, w * scale) each. Both are float in [0, 1] or
    uint8. times: of the targets, in (0, 1). flow: (4, h, w) of the one target, or None: channels 0-1 point to the frame
    before and 2-3 to the frame after, x before y, in pixels.
    """

    frames: tuple[np.ndarray, ...]
    targets: tuple[np.ndarray, ...]
    times: tuple[float, ...] = (0.5,)
    flow: np.ndarray | None = None

    @property
    def scale(self) -> int:
        """How many times as high as the frames the targets are."""
        return self.targets[0].shape[1] // self.frames[0].shape[1]


def to_columns(window: Window, columns) -> tuple[np.ndarray, ...]:
    """Return the named columns of `src.data` as contiguous float32 arrays; flow that is not there is zero."""
    values = []
    for name in columns:
        if name == "time":
            values.append(np.full((1, 1, 1), window.times[0], np.float32))
        elif name == "target":
            targets = [_to_float(each) for each in window.targets]
            values.append(targets[0] if len(targets) == 1 else np.stack(targets))
        elif name == "flow":
            size = window.targets[0].shape[1:]
            flow = np.zeros((4, *size), np.float32) if window.flow is None else window.flow
            values.append(np.ascontiguousarray(flow, np.float32))
        else:
            values.append(_to_float(window.frames[int(name[len("frame") :])]))
    return tuple(values)


def _to_float(image):
    if image.dtype != np.uint8:
        return np.ascontiguousarray(image, np.float32)
    converted = np.empty(image.shape, np.float32)
    # OpenCV parts the colours of decoded images, which lie side by side, faster than NumPy reads them apart
    for values, plane in zip(converted, cv2.split(image.transpose(1, 2, 0))):
        np.divide(plane, np.float32(255), out=values, dtype=np.float32)
    return converted
