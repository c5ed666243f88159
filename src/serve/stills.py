"""Frames of a source and of what was made of it, at the same moments."""

from __future__ import annotations

import av
import numpy as np

from src.errors import InputError
from src.video.color import ToRgb
from src.video.images import encode_png
from src.video.media import DAMAGE, open_media, picture_stream, survey
from src.video.reader import SHORTEST, open_video

MOST = 9


class Stills:
    """`count` moments, spread over a video: new frames where there are any, since those show what was made."""

    def __init__(self, source: str, result: str, slow: int):
        self._source, self._result = _Pictures(source), _Pictures(result)
        self._moments = self._result.times / slow
        self._shown = np.searchsorted(self._source.times, self._moments + float(SHORTEST), side="right") - 1
        self._chosen = [_newest(part, self._moments, self._source.times) for part in _parts(len(self._moments))]

    @property
    def count(self) -> int:
        return len(self._chosen)

    def png(self, number: int, side: str) -> bytes:
        """Return the frame of a moment as a PNG file: "before" as the source shows it then, or "after".

        Raises IndexError for a moment that there is not, InputError for a file that cannot be decoded.
        """
        index = self._chosen[number]
        return encode_png(self._source[max(self._shown[index], 0)] if side == "before" else self._result[index])


def _parts(count):
    return [part for part in np.array_split(np.arange(count), min(MOST, count)) if len(part)] if count else []


def _newest(part, moments, known):
    """Return the number of the frame which is farthest from all `known` times, and then nearest to the middle."""
    after = np.clip(np.searchsorted(known, moments[part]), 1, max(len(known) - 1, 1))
    near = known[np.stack([after - 1, np.minimum(after, len(known) - 1)])]
    distance = np.round(np.abs(near - moments[part]).min(axis=0), 3)
    off_middle = np.abs(np.arange(len(part)) - (len(part) - 1) / 2)
    return int(part[np.lexsort((off_middle, -distance))[0]])


class _Pictures:
    """The pictures of a video file, upright, by their number; `times` are seconds from the first one."""

    def __init__(self, path: str):
        self._video = open_video(path)
        surveyed = survey(path)
        self._ticks = surveyed.ticks
        told = (self._ticks - self._ticks[0]) * float(surveyed.tick) if len(self._ticks) else None
        self.times = np.arange(surveyed.pictures) / float(self._video.rate) if told is None else told

    def __getitem__(self, number: int) -> np.ndarray:
        try:
            frame = self._sought(int(self._ticks[number])) if len(self._ticks) else self._counted(number)
        except DAMAGE as error:
            raise InputError(f"{self._video.path}: cannot be decoded: {error}") from error
        if frame is None:
            raise InputError(f"{self._video.path}: has no frame {number} that can be decoded")
        return frame

    def _sought(self, tick):
        with open_media(self._video.path) as container:
            stream = picture_stream(container, self._video.path)
            for start in (tick, int(self._ticks[0])):
                container.seek(start, stream=stream)
                frames = (frame for frame in container.decode(stream) if frame.pts is not None)
                first = next(frames, None)
                if first is not None and first.pts <= tick:
                    found = first if first.pts == tick else next((each for each in frames if each.pts >= tick), None)
                    return self._upright(found, stream)
        return None

    def _counted(self, number):
        with open_media(self._video.path) as container:
            stream = picture_stream(container, self._video.path)
            found = next((frame for index, frame in enumerate(container.decode(stream)) if index == number), None)
            return self._upright(found, stream)

    def _upright(self, frame: av.VideoFrame | None, stream):
        if frame is None:
            return None
        convert = ToRgb(self._video.pixel_format, self._video.tags, stream.codec_context.height)
        return np.ascontiguousarray(np.rot90(convert(frame), self._video.quarter_turns))
