"""The manifest of published weights agrees with itself and with the networks there are."""

import pytest

from src.models import MODELS
from src.weights import download, manifest
from src.weights.convert import LAYOUTS
from src.weights.manifest import PublishedWeights, published_weights

ENTRIES = published_weights()


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_of_a_known_network_and_can_be_found(name):
    entry = ENTRIES[name]
    assert entry.model in MODELS and entry.model in LAYOUTS
    assert (entry.url is None) != (entry.page is None)
    assert entry.url is None or entry.digest == download.digest_in(entry.url.rsplit("/", 1)[-1])


def test_no_file_is_listed_twice():
    places = [(each.url or each.page, each.file) for each in ENTRIES.values()]
    assert len(set(places)) == len(places)


def test_every_published_network_of_a_layout_is_listed():
    assert {each.model for each in ENTRIES.values()} == set(LAYOUTS) - {"spynet_bn"}


def test_a_digest_of_the_manifest_is_demanded_where_the_name_has_none(monkeypatch, tmp_path):
    url = "http://127.0.0.1:9/plain.pth"
    monkeypatch.setattr(manifest, "published_weights", lambda: {"x": PublishedWeights("ifrnet", url, "01234567")})
    monkeypatch.setenv("MINDFRAMES_CACHE", str(tmp_path))
    fetched = []
    monkeypatch.setattr(download, "_fetch", lambda url, path, expected: fetched.append(expected))
    download.local_file(url)
    download.local_file("http://127.0.0.1:9/other.pth")
    assert fetched == ["01234567", None]
