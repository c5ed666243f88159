"""What HDR10 tells of the screen that a film was mastered on, and of its light (SMPTE ST 2086, CTA-861.3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction

import av

SCREEN, LIGHT = "MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"
CHANGING = {"DYNAMIC_HDR_PLUS": "HDR10+", "DOVI_RPU_BUFFER": "Dolby Vision", "DOVI_METADATA": "Dolby Vision"}


@dataclass(frozen=True)
class Mastering:
    """The same for all frames of a video.

    screen: chromaticities x, y of red, green, blue and white, then the darkest and the brightest light in cd/m2.
    light: the brightest pixel and the brightest mean of a frame, in cd/m2.
    """

    screen: tuple[Fraction, ...] = ()
    light: tuple[int, ...] = ()


@dataclass(frozen=True)
class MasteringOptions:
    """How an encoder is told of it: the list of its settings, their names there, and the units of its numbers."""

    settings: str
    screen: str
    light: str
    parts: int | None = None  # of a chromaticity; light has a fifth of them; None: decimal fractions

    def told(self, mastering: Mastering) -> str:
        """Return the settings in the form name=value:name=value."""
        told = []
        if mastering.screen:
            red, green, blue, white = (self._pair(mastering.screen[index : index + 2], 1) for index in (0, 2, 4, 6))
            light = self._pair(mastering.screen[:7:-1], 5)
            told.append(f"{self.screen}=G({green})B({blue})R({red})WP({white})L({light})")
        if mastering.light:
            told.append(f"{self.light}={mastering.light[0]},{mastering.light[1]}")
        return ":".join(told)

    def _pair(self, values, divisor):
        if self.parts is None:
            return ",".join(f"{float(value):.5f}" for value in values)
        return ",".join(str(round(value * self.parts / divisor)) for value in values)


def read_mastering(frame: av.VideoFrame) -> Mastering | None:
    """Return what comes with a decoded frame, None where nothing does."""
    told_screen, told_light = frame.side_data.get(SCREEN), frame.side_data.get(LIGHT)
    screen = light = ()
    if told_screen is not None:
        *numbers, has_colours, has_light = struct.unpack("22i", bytes(told_screen)[:88])  # AVMasteringDisplayMetadata
        if has_colours and has_light and all(numbers[1::2]):
            screen = tuple(Fraction(*pair) for pair in zip(numbers[::2], numbers[1::2]))
    if told_light is not None:
        light = struct.unpack("2I", bytes(told_light)[:8])
    return Mastering(screen, light) if screen or light else None


def changing_metadata(frame: av.VideoFrame) -> list[str]:
    """Return the names of what comes with a decoded frame and changes from scene to scene."""
    return sorted({told for name, told in CHANGING.items() if frame.side_data.get(name) is not None})
