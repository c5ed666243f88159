"""export.py from its command line: what it refuses, and what its files are called."""

import subprocess
import sys
from pathlib import Path

import pytest

import export
from src.config import parse_options
from src.errors import EnvironmentFault, UsageError, WeightsError, run_command
from src.export.options import ExportOptions


def parsed(*flags):
    return parse_options(ExportOptions, ["--file_name", "OUT", *flags], "")


def test_one_size_is_one_file_and_several_are_a_bundle():
    assert parsed().paths == {(256, 448): Path("OUT.mindir")}
    assert parsed("--file_format", "ONNX", "--height", "64", "--width", "96").paths == {(64, 96): Path("OUT.onnx")}
    assert parsed("--height", "64", "50", "--width", "96", "70").paths == {
        (64, 96): Path("OUT_64x96.mindir"), (50, 70): Path("OUT_50x70.mindir"),
    }  # fmt: skip
    assert ExportOptions(file_name="a.b/net.mindir").paths == {(256, 448): Path("a.b/net.mindir")}
    assert ExportOptions(file_name="net.v1").paths == {(256, 448): Path("net.v1.mindir")}


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("--height", "64", "128"), "width has one number for each height; got 1 for 2"),
        (("--height", "0"), "height is at least 1; got 0"),
        (("--height", "64", "x", "--width", "96", "448"), "invalid int value: 'x'"),
        (("--file_format", "onnx"), "file_format is one of MINDIR, ONNX, AIR; got 'onnx'"),
        (("--file_format", "ONNX", "--form", "fused"), "ONNX has the form portable only; got fused"),
        (("--file_name", ""), "file_name names a file, as OUT or FOLDER/OUT; got ''"),
        (("--file_name", "."), "file_name names a file, as OUT or FOLDER/OUT; got '.'"),
        (("--file_name", "folder/.."), "file_name names a file, as OUT or FOLDER/OUT; got 'folder/..'"),
        (("--precision", "int8"), "precision is one of float32, float16; got 'int8'"),
    ],
)
def test_what_cannot_be_meant_is_refused(flags, expected):
    with pytest.raises(UsageError, match=expected):
        parsed(*flags)


@pytest.mark.parametrize(
    ("flags", "error", "expected"),
    [
        (("--file_format", "AIR"), EnvironmentFault, "AIR is exported on Ascend devices only; got device_target CPU"),
        (("--model", "spynet", "--ckpt_path", "w.ckpt"), UsageError, "spynet predicts flow, not frames"),
        (("--model", "ifrnet_l"), UsageError, "no weights are shipped for ifrnet_l"),
        (("--ckpt_path", "gone.ckpt"), WeightsError, "gone.ckpt does not exist"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_leaves_nothing(tmp_path, monkeypatch, flags, error, expected):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=expected):
        export.main(["--file_name", str(tmp_path / "net"), *flags])
    assert list(tmp_path.iterdir()) == []


def test_air_off_ascend_ends_with_5_and_one_line(capsys):
    with pytest.raises(SystemExit) as caught:
        run_command(export.main, ["--file_name", "net", "--file_format", "AIR"])
    assert caught.value.code == 5
    assert capsys.readouterr().err.count("\n") == 1


def test_help_answers():
    done = subprocess.run([sys.executable, export.__file__, "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "--height INT [INT ...]" in done.stdout
