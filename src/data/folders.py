"""Any folder of frames and any video file: odd frames are predicted from even ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from src.errors import InputError, UsageError
from src.video.cuts import is_cut
from src.video.images import IMAGE_SUFFIXES
from src.video.reader import open_source

CLIPS_LAYOUT = "a video, a folder of frames, or a folder of those; several, separated by colons"
VIDEO_SUFFIXES = (".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v")


def find_clips(data_path: str) -> list[str]:
    """List the clips under a path: itself when it is a video or holds images, else those in it, sorted by name.

    Several paths may be given, separated by colons. Raises UsageError without one, InputError where one holds no clip.
    """
    clips = []
    for part in data_path.split(":"):
        path = Path(part)
        inside = sorted(path.iterdir()) if path.is_dir() else []
        if part and (path.is_file() or any(each.suffix.lower() in IMAGE_SUFFIXES for each in inside)):
            found = [str(path)]
        else:
            found = [str(each) for each in inside if each.is_dir() or each.suffix.lower() in VIDEO_SUFFIXES]
        if not part:
            raise UsageError(f"data_path is a video, a folder of frames, or a folder of those; got {data_path!r}")
        if not found:
            met = ", ".join(each.name for each in inside[:4]) or ("nothing" if path.is_dir() else "no such path")
            raise InputError(f"{part}: needs videos or folders of frames; found {met}")
        clips += found
    return clips


def odd_frames(clip: str) -> Iterator[tuple[int, list[np.ndarray]]]:
    """Yield (index, [frame before, frame, frame after]) of every odd frame of a clip that no cut separates from these.

    Frames are (h, w, 3) uint8 RGB. Raises InputError when the clip cannot be read or has fewer than three frames.
    """
    window = []
    for index, frame in enumerate(open_source(clip, needed=3).frames()):
        window.append(frame)
        if len(window) < 3:
            continue
        if not is_cut(window[0], window[1]) and not is_cut(window[1], window[2]):
            yield index - 1, window
        # the last frame is the next triplet's first
        window = window[2:]
