"""File names that came from a browser: shown and offered for download, never used as a path."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from src.video.options import VideoOptions
from src.video.publish import VIDEO_FORMATS

LONGEST = 100


def clean_name(name: str) -> str:
    """Return the last part of a file's name without what a file system, a terminal or a header would stumble over."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*').strip(" .")
    if len(kept) > LONGEST:
        suffix = PurePosixPath(kept).suffix[:10]
        kept = kept[: LONGEST - len(suffix)] + suffix
    return kept or "video"


def result_suffix(name: str, wanted: str) -> str:
    """Return the suffix of the result: the `wanted` one, or for "" that of the source, if such files are written."""
    suffix = wanted or PurePosixPath(name).suffix.lower()
    return suffix if suffix in VIDEO_FORMATS else ".mp4"


def result_name(name: str, options: VideoOptions, suffix: str) -> str:
    """Return the name that a result is downloaded by: `clip-x4.mp4`, `clip-60fps.mp4`, `clip-slow2.mp4`."""
    if options.fps:
        made = f"{options.fps.replace('/', '_')}fps"
    elif options.slow > 1:
        made = f"slow{options.slow}"
    else:
        made = f"x{options.scale if options.enlarges else options.multi or 2}"
    return f"{PurePosixPath(name).stem}-{made}{suffix}"
