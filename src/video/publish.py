"""The result under its final name: whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from src.errors import ResourceError, UsageError
from src.video.lock import locked, mark_of

# Suffix of the result -> name of the muxer. Anything else names a folder of images.
VIDEO_FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
NOT_WRITTEN = (".avi", ".flv", ".gif", ".mpg", ".mpeg", ".ts", ".wmv", ".png", ".jpg", ".jpeg", ".bmp", ".tif", ".webp")
OLD = "-old"
FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_video_name(path: str) -> bool:
    """Tell a video file from a folder of images by the suffix."""
    return Path(path).suffix.lower() in VIDEO_FORMATS


def check_output(path: str, input_path: str, overwrite: bool) -> None:
    """Raise UsageError for a result that could not, or should not, be written, before any work is done for it."""
    if not path:
        raise UsageError("--output_path needs a name; got ''")
    if Path(path).suffix.lower() in NOT_WRITTEN:
        raise UsageError(f"--output_path {path}: needs a folder or one of {', '.join(VIDEO_FORMATS)}")
    if os.path.realpath(path) == os.path.realpath(input_path):
        raise UsageError(f"--output_path {path}: is the input; the result needs another name")
    _check_place(path, overwrite)


def _check_place(path, overwrite):
    """Raise UsageError where something stands at `path` that the result may not replace."""
    if not os.path.lexists(path):
        return
    if os.path.isdir(path) == is_video_name(path):
        needed, met = ("file", "folder") if is_video_name(path) else ("folder", "file")
        raise UsageError(f"--output_path {path}: needs a {needed}; there is a {met} of that name")
    if os.path.isdir(path) and not os.listdir(path):
        return
    if not overwrite:
        raise UsageError(f"--output_path {path}: exists; --overwrite replaces it")
    if os.path.isdir(path):
        _refuse_foreign_files(path)


@contextlib.contextmanager
def publish(path: str, overwrite: bool = False) -> Iterator[str]:
    """Yield an unfinished file or folder beside `path` that takes its name and place when the block succeeds.

    A link is followed: what it leads to is made or replaced, and the link stays. Missing parent folders are made. On
    any error or interrupt all that was made is removed and what stood at `path` stays; what a run left behind that was
    killed is removed by the next. Raises UsageError where nothing can be written, another run is writing the same
    result, or something stands there, by the beginning or by the end, that may not be replaced: without `overwrite`
    anything but an empty folder, with it a folder of other things than frames. ResourceError when the disk is full.
    """
    final = Path(os.path.realpath(path))
    parent = final.parent
    made = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    suffix = Path(path).suffix if is_video_name(path) else ""
    unfinished = parent / f"{mark_of(final.name)}-{secrets.token_hex(6)}{suffix}"
    try:
        with _reserved(final, path):
            _check_place(path, overwrite)
            _create(unfinished, path)
            yield str(unfinished)
            _check_place(path, overwrite)  # hours may have passed
            _replace(unfinished, final, overwrite)
    except BaseException as error:
        free = _free_bytes(parent)
        _remove(unfinished)
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()
        if getattr(error, "errno", None) in FULL_DISK:
            raise ResourceError(f"{path}: the disk takes no more ({free} bytes free): {error}") from error
        raise


@contextlib.contextmanager
def _reserved(final, path):
    with contextlib.ExitStack() as stack:
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(final))
        except OSError as error:
            raise _cannot_be_written(path, error) from error
        for left in final.parent.glob(f"{mark_of(final.name)}-*"):
            if not left.name.endswith(OLD):  # that is what stood under the name when a run was killed
                _remove(left)
        yield


def _refuse_foreign_files(folder):
    for name in sorted(os.listdir(folder)):
        if not re.fullmatch(r"\d{8}\.png", name):
            raise UsageError(f"--output_path {folder}: only folders of numbered frames are replaced; it holds {name}")


def _create(unfinished, path):
    try:
        if is_video_name(path):
            unfinished.touch(exist_ok=False)
        else:
            unfinished.mkdir()
    except OSError as error:
        raise _cannot_be_written(path, error) from error


def _cannot_be_written(path, error):
    if error.errno in FULL_DISK:
        return error
    return UsageError(f"--output_path {path}: cannot be written: {error.strerror}")


def _replace(unfinished, final, overwrite):
    if not unfinished.is_dir() or not overwrite or not final.exists():
        os.replace(unfinished, final)  # of all folders, this replaces an empty one alone
        return
    old = unfinished.with_name(unfinished.name + OLD)
    os.replace(final, old)
    try:
        os.replace(unfinished, final)
    except BaseException:
        os.replace(old, final)
        raise
    shutil.rmtree(old)


def _remove(unfinished):
    if unfinished.is_dir():
        shutil.rmtree(unfinished, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            unfinished.unlink()


def _free_bytes(folder):
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
