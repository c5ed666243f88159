"""Weights by their URL, from a server on this machine: fetched once, whole and of the right digest, or not at all."""

import errno
import hashlib
import os
import ssl
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from src.errors import WeightsError, exit_code_of
from src.weights import download
from src.weights.convert import read_weights
from src.weights.download import digest_in, local_file
from tests.weights.torch_writer import write_stream

CONTENT = b"weights " * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def served_files(server):
    server.files = {f"w-{DIGEST[:8]}.pth": CONTENT, "w-01234567.pth": CONTENT, "plain.pth": CONTENT}


def kept(tmp_path):
    return [name for _, _, names in os.walk(tmp_path / "cache") for name in names]


def test_a_file_is_fetched_once_and_found_again_without_the_server(server, tmp_path):
    url = f"{server.root}/good/w-{DIGEST[:8]}.pth"
    path = local_file(url)
    assert path.read_bytes() == CONTENT and path.name == f"w-{DIGEST[:8]}.pth"
    assert local_file(url) == path
    assert len(server.asked) == 1 and kept(tmp_path) == [path.name]


def test_published_weights_are_fetched_and_read(server):
    entries = {"state_dict": {"generator.first.weight": np.ones((2, 3), np.float32)}, "meta": {"iter": 1}}
    content = write_stream(download.cache_folder().parent / "w.pth", entries).read_bytes()
    name = f"net_20220321-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    server.files[name] = content
    path = local_file(f"{server.root}/good/{name}")
    assert read_weights(path, "own", {"first.weight": (2, 3)})["first.weight"].sum() == 6


def test_a_wrong_digest_is_refused_and_nothing_kept(server, tmp_path):
    with pytest.raises(WeightsError, match=f"01234567... expected, got {DIGEST}"):
        local_file(f"{server.root}/good/w-01234567.pth")
    assert kept(tmp_path) == []


def test_a_file_that_changed_in_the_cache_is_fetched_again(server):
    url = f"{server.root}/good/w-{DIGEST[:8]}.pth"
    local_file(url).write_bytes(b"something else")
    assert local_file(url).read_bytes() == CONTENT
    assert len(server.asked) == 2


def test_a_partial_answer_is_tried_again_and_then_refused(server, tmp_path):
    with pytest.raises(WeightsError, match="8000 bytes expected, got 4000.*tried 3 times"):
        local_file(f"{server.root}/cut/plain.pth")
    assert len(server.asked) == 3 and kept(tmp_path) == []


@pytest.mark.parametrize("kind", ["busy", "unsteady"])
def test_what_fails_at_first_is_tried_again(server, kind):
    assert local_file(f"{server.root}/{kind}/w-{DIGEST[:8]}.pth").read_bytes() == CONTENT


@pytest.mark.parametrize(("kind", "code", "tries"), [("missing", 404, 1), ("failing", 503, 3)])
def test_an_error_of_the_server_is_told(server, tmp_path, kind, code, tries):
    with pytest.raises(WeightsError, match=f"answers {code}.*tried {tries} times"):
        local_file(f"{server.root}/{kind}/plain.pth")
    assert len(server.asked) == tries and kept(tmp_path) == []


def test_without_a_server_the_failure_names_the_url(server, tmp_path):
    with pytest.raises(WeightsError, match="http://127.0.0.1:9/w.pth cannot be fetched"):
        local_file("http://127.0.0.1:9/w.pth")
    assert kept(tmp_path) == []


def test_the_met_digest_is_told_where_none_is_known(server, capsys):
    local_file(f"{server.root}/good/plain.pth")
    assert f"SHA-256 {DIGEST}, no digest known" in capsys.readouterr().err


def test_four_at_once_end_with_one_whole_file(server, tmp_path):
    url = f"{server.root}/good/w-{DIGEST[:8]}.pth"
    with ThreadPoolExecutor(4) as fetchers:
        paths = {each.result() for each in [fetchers.submit(local_file, url) for _ in range(4)]}
    assert kept(tmp_path) == [f"w-{DIGEST[:8]}.pth"]
    assert paths == {local_file(url)} and local_file(url).read_bytes() == CONTENT


def test_many_at_once_that_fail_all_fail_the_same_way(server, tmp_path):
    urls = [f"{server.root}/missing/plain.pth"] * 40
    with ThreadPoolExecutor(8) as fetchers:
        failures = {type(each.exception()) for each in [fetchers.submit(local_file, url) for url in urls]}
    assert failures == {WeightsError} and kept(tmp_path) == []


def test_a_fetch_that_fails_takes_nothing_from_one_that_has_begun(server, monkeypatch):
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    url, begin = f"{server.root}/unsteady/plain.pth", tempfile.mkstemp

    def begin_after_a_failure(*arguments, **options):
        monkeypatch.setattr(tempfile, "mkstemp", begin)
        with pytest.raises(WeightsError, match="8000 bytes expected, got 4000"):
            local_file(url)
        return begin(*arguments, **options)

    monkeypatch.setattr(tempfile, "mkstemp", begin_after_a_failure)
    assert local_file(url).read_bytes() == CONTENT


@pytest.mark.parametrize("failure", [ssl.SSLError(1, "bad record mac"), OSError(5, "unplugged"), ValueError("odd")])
def test_what_fails_while_it_is_read_is_told(server, tmp_path, monkeypatch, failure):
    monkeypatch.setattr("http.client.HTTPResponse.read", lambda *_: (_ for _ in ()).throw(failure))
    with pytest.raises(WeightsError, match=f"cannot be fetched: .*{failure.args[-1]}"):
        local_file(f"{server.root}/good/plain.pth")
    assert kept(tmp_path) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/ü.pth", "http://[::1/w.pth", f"http://{'a' * 70}.org/w.pth"])
def test_what_is_no_url_is_told(server, tmp_path, url):
    with pytest.raises(WeightsError, match=r"is no URL|it is no URL that can be asked for"):
        local_file(url)
    assert kept(tmp_path) == []


def test_a_cache_that_cannot_be_written_is_told(server, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    server.files["w" * 300] = CONTENT
    for cache, name in ((tmp_path / "file" / "cache", "w.pth"), (tmp_path / "cache", "w" * 300)):
        monkeypatch.setenv("MINDFRAMES_CACHE", str(cache))
        with pytest.raises(WeightsError, match=r"cannot be kept in .*cache \(MINDFRAMES_CACHE\): (Not a|File name)"):
            local_file(f"{server.root}/good/{name}")


def test_a_user_without_a_home_is_told_what_to_set(server, monkeypatch):
    monkeypatch.delenv("MINDFRAMES_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("pathlib.Path.home", lambda: (_ for _ in ()).throw(RuntimeError("no home directory")))
    with pytest.raises(WeightsError, match="set MINDFRAMES_CACHE"):
        local_file(f"{server.root}/good/plain.pth")


def test_a_full_disk_is_told_as_such(server, tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left")))
    with pytest.raises(OSError, match="No space left") as caught:
        local_file(f"{server.root}/good/plain.pth")
    assert exit_code_of(caught.value) == 6 and kept(tmp_path) == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/w.pth"])
def test_only_web_addresses_are_fetched(server, tmp_path, url):
    with pytest.raises(WeightsError, match="over http or https"):
        local_file(url)
    server.target = url
    with pytest.raises(WeightsError, match="not followed|not allowed"):
        local_file(f"{server.root}/moved/w.pth")
    assert kept(tmp_path) == []


def test_a_url_cannot_lead_out_of_the_cache(server, tmp_path):
    server.files["..%2F..%2Fescaped"] = CONTENT
    path = local_file(f"{server.root}/good/..%2F..%2Fescaped")
    assert (tmp_path / "cache") in path.resolve().parents and path.name == "escaped"


def test_a_path_is_left_as_it_is():
    assert str(local_file("folder/w.ckpt")) == os.path.join("folder", "w.ckpt")


@pytest.mark.parametrize("suffix", ["pth", "safetensors", "ckpt"])
def test_a_file_is_compared_with_the_digest_in_its_name(tmp_path, suffix):
    names = (f"w-{DIGEST[:8]}", "w_20220321", "w-00010000", "w-0123456a")
    right, dated, counted, wrong = (tmp_path / f"{name}.{suffix}" for name in names)
    for path in (right, dated, counted, wrong):
        path.write_bytes(CONTENT)
    for path in (right, dated, counted):
        assert local_file(str(path)) == path
    with pytest.raises(WeightsError, match=f"w-0123456a.{suffix} .*: SHA-256 0123456a... expected, got {DIGEST}"):
        local_file(wrong)
    assert local_file(tmp_path / "gone-0123456a.pth") == tmp_path / "gone-0123456a.pth"


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("tof_vfi_spynet_chair_nobn_1xb1_vimeo90k_20220321-2fc9e258.pth", "2fc9e258"),
        ("tof_x4_vimeo90k_official-a569ff50.pth", "a569ff50"),
        ("ifrnet_deadbeef.ckpt", "deadbeef"),
        ("spynet_20210409.pth", None),
        ("IFRNet_S_Vimeo90K.pth", None),
        ("network-default.pytorch", None),
    ],
)
def test_the_digest_is_read_from_the_name(name, digest):
    assert digest_in(name) == digest
