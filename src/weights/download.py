"""Weights named by their URL: fetched once to a cache, whole and of the right digest or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import re
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urlsplit

from src.errors import WeightsError, exit_code_of
from src.weights.manifest import manifest_digest

MAX_BYTES = 4 << 30
ATTEMPTS = 3
PAUSE = 1.0
TIMEOUT = 30.0
_SCHEMES = ("http", "https")
# name-<digest>.pth or name_<digest>.pth, where the digest is the first eight or more hexadecimal places of SHA-256
_DIGEST = re.compile(r"(?P<mark>[-_])(?P<digest>[0-9a-f]{8,64})\.\w+$")
_DATE = re.compile(r"(19|20)\d{6}$")
_BLOCK = 1 << 20


def local_file(place: str | Path) -> Path:
    """Return the path of `place`: itself when it is a path, a cached copy of it when it is a URL.

    It has the SHA-256 whose beginning the file's name tells, or for a URL the manifest, where one does. Raises
    WeightsError when it has not, or cannot be fetched or kept; nothing fetched is left then.
    """
    if "://" not in str(place):
        return _checked(Path(place))
    url = str(place)
    name = _name_in(url)
    expected = digest_in(name) or manifest_digest(url)
    cache = cache_folder()
    path = cache / hashlib.sha256(url.encode("utf-8", "surrogateescape")).hexdigest()[:8] / name
    try:
        if not (path.is_file() and (not expected or _digest_of(path).startswith(expected))):
            _fetch(url, path, expected)
    except OSError as error:
        if exit_code_of(error) is not None:  # a full disk
            raise
        raise WeightsError(f"{url} cannot be kept in {cache} (MINDFRAMES_CACHE): {error.strerror}") from error
    return path


def cache_folder() -> Path:
    """Return where fetched weights are kept: $MINDFRAMES_CACHE, or mindframes in the user's cache folder.

    Raises WeightsError where the user has no such folder.
    """
    if chosen := os.environ.get("MINDFRAMES_CACHE"):
        return Path(chosen)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mindframes"
    except RuntimeError as error:
        raise WeightsError(f"there is no folder to keep fetched weights in; set MINDFRAMES_CACHE ({error})") from error


def digest_in(name: str) -> str | None:
    """Return the digest that a published file name ends with, or None; eight digits that are a date are none."""
    match = _DIGEST.search(name)
    if not match or (match["mark"] == "_" and _DATE.match(match["digest"])):
        return None
    return match["digest"]


def _checked(path):
    expected = digest_in(path.name)
    is_told = expected and not expected.isdecimal()  # net-00010000.ckpt counts steps
    if is_told and path.is_file() and not (met := _digest_of(path)).startswith(expected):
        raise WeightsError(f"{path} is not the file that its name tells: SHA-256 {expected}... expected, got {met}")
    return path


def _name_in(url):
    try:
        scheme, _, path, *_ = urlsplit(url)
    except ValueError as error:
        raise WeightsError(f"{url} is no URL: {error}") from error
    if scheme not in _SCHEMES:
        raise WeightsError(f"weights are fetched over {' or '.join(_SCHEMES)}; got {scheme}: {url}")
    name = re.sub(r"[^\w.-]", "_", unquote(path).rsplit("/", 1)[-1]).lstrip(".")
    if not name:
        raise WeightsError(f"the URL names no file: {url}")
    return name


def _fetch(url, path, expected):
    cache = path.parents[1]
    cache.mkdir(parents=True, exist_ok=True)
    # not in the file's own folder, which is then never empty, and none that others fetch into is taken away
    descriptor, temporary = tempfile.mkstemp(dir=cache, prefix=".unfinished-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            met = _attempts(url, file)
            file.flush()
            os.fsync(file.fileno())
        if expected and not met.startswith(expected):
            raise WeightsError(f"{url} is not the file it should be: SHA-256 {expected}... expected, got {met}")
        if not expected:
            print(f"{url}: SHA-256 {met}, no digest known to compare it with", file=sys.stderr)
        os.chmod(temporary, 0o644)
        path.parent.mkdir(exist_ok=True)
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _attempts(url, file):
    """Write what the URL serves to `file` and return its SHA-256; what may pass is tried again."""
    for attempt in range(1, ATTEMPTS + 1):
        file.seek(0)
        file.truncate()
        try:
            return _copy(url, file)
        except urllib.error.HTTPError as error:
            problem = f"the server answers {error.code} {error.reason}"
            error.close()
            if error.code < 500 and error.code not in (408, 429):
                break
        except (OSError, http.client.HTTPException) as error:
            if exit_code_of(error) is not None:  # a full disk
                raise
            problem = str(getattr(error, "reason", None) or error) or type(error).__name__
        except ValueError as error:
            problem = f"it is no URL that can be asked for ({error})"
            break
        if attempt < ATTEMPTS:
            time.sleep(PAUSE * attempt)
    raise WeightsError(f"{url} cannot be fetched: {problem} (tried {attempt} times); give the path of a copy instead")


def _copy(url, file):
    digest, received = hashlib.sha256(), 0
    with urllib.request.build_opener(_SameScheme).open(url, timeout=TIMEOUT) as answer:
        told = answer.headers.get("Content-Length")
        while True:
            block = answer.read(_BLOCK)
            if not block:
                break
            received += len(block)
            if received > MAX_BYTES:
                raise WeightsError(f"{url} is larger than {MAX_BYTES} bytes")
            digest.update(block)
            file.write(block)
    if told is not None and told.isdecimal() and received != int(told):
        raise http.client.HTTPException(f"{told} bytes expected, got {received}")
    return digest.hexdigest()


class _SameScheme(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, answer, code, message, headers, target):
        scheme = urlsplit(target).scheme
        if scheme not in _SCHEMES or (urlsplit(request.full_url).scheme == "https" and scheme != "https"):
            raise WeightsError(f"{request.full_url} leads to {target}, that is not followed")
        return super().redirect_request(request, answer, code, message, headers, target)


def _digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()
