"""What tells the weights of two runs apart, wherever they come from."""

import functools
import hashlib
import http.server
import threading

import pytest

from src.runtime.options import InferOptions
from src.video.fingerprint import weights_digest
from tests.runs import exit_code, names, report_of, run
from tests.video.clips import Average


@pytest.fixture
def weights_folder(tmp_path, monkeypatch):
    """A folder of files of weights, with its URL."""
    monkeypatch.setenv("MINDFRAMES_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "served"
    folder.mkdir()
    for name in ("a.pth", "b.pth", "net_16x24.onnx", "net_32x48.onnx", "other_16x24.onnx"):
        (folder / name).write_bytes(name.encode())
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def digest_of(ckpt_path, **changes):
    return weights_digest(InferOptions(input="in.mp4", output_path="out.mp4", ckpt_path=str(ckpt_path), **changes))


def test_weights_are_told_by_what_the_file_holds_here_or_there(weights_folder):
    folder, url = weights_folder
    assert digest_of(folder / "a.pth") == digest_of(f"{url}/a.pth") == sha256(b"a.pth")
    assert digest_of(folder / "absent.pth") == ""


def test_a_bundle_is_told_by_all_its_files(weights_folder):
    folder, _ = weights_folder
    whole = digest_of(folder / "net.onnx", runtime="onnxruntime")
    assert whole == sha256(b"net_16x24.onnx\0net_16x24.onnxnet_32x48.onnx\0net_32x48.onnx")
    (folder / "net_32x48.onnx").write_bytes(b"another network")
    assert digest_of(folder / "net.onnx", runtime="onnxruntime") not in (whole, "")
    assert digest_of(folder / "net_16x24.onnx", runtime="onnxruntime") == sha256(b"net_16x24.onnx")


@pytest.mark.parametrize(
    ("flags", "begun", "other"),
    [((), "{url}/a.pth", "{url}/b.pth"), (("--runtime", "onnxruntime"), "{folder}/net.onnx", "{folder}/other.onnx")],
)
def test_parts_by_weights_of_a_url_or_a_bundle_are_refused_to_others(
    weights_folder, clip, tmp_path, monkeypatch, capsys, flags, begun, other
):
    folder, url = weights_folder
    begun, other = (each.format(folder=folder, url=url) for each in (begun, other))
    result = tmp_path / "out.mp4"
    monkeypatch.setattr("src.runtime.choice.choose_predictor", lambda *_: Average())
    with monkeypatch.context() as patched:
        patched.setattr(Average, "__call__", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        assert exit_code([clip, "--output_path", result, "--resume", "--ckpt_path", begun, *flags]) == 130
    assert exit_code([clip, "--output_path", result, "--resume", "--ckpt_path", other, *flags]) == 2
    assert "begun with weights " in capsys.readouterr().err
    assert report_of(run(clip, result, "--resume", "--ckpt_path", begun, *flags))["weights"]["sha256"]


@pytest.mark.parametrize(
    ("flags", "code", "told"),
    [
        (["--ckpt_path", "absent.ckpt"], 4, "absent.ckpt cannot be read"),
        (["--model", "tdan_x4"], 2, "no weights are shipped for tdan_x4"),
        (["--upscale", "tdan_x4", "--upscale_ckpt", "absent.ckpt"], 4, "absent.ckpt cannot be read"),
    ],
)
def test_without_weights_no_parts_are_begun(clip, tmp_path, loaded, capsys, flags, code, told):
    assert exit_code([clip, "--output_path", tmp_path / "out.mp4", "--resume", *flags]) == code
    assert told in capsys.readouterr().err and names(tmp_path) == ["in.mp4"] and loaded == []
