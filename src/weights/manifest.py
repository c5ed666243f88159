"""What configs/published/weights.yaml tells of the published weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

MANIFEST = Path(__file__).resolve().parents[2] / "configs" / "published" / "weights.yaml"


@dataclass(frozen=True)
class PublishedWeights:
    """One published file: of which network, its URL or the page to fetch it from, its digest and its score."""

    model: str
    url: str | None
    digest: str | None
    page: str | None = None
    file: str | None = None
    protocol: str | None = None
    score: dict | None = None


@cache
def published_weights() -> dict[str, PublishedWeights]:
    """Return every entry of the manifest by its name."""
    entries = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return {name: PublishedWeights(**entry) for name, entry in entries.items()}


def manifest_digest(url: str) -> str | None:
    """Return the digest that the manifest gives a URL, or None."""
    return next((each.digest for each in published_weights().values() if each.url == url), None)
