"""bench.py export: rows that are kept between runs, and what one row says of exports, runtimes and memory."""

import json
import sys
from pathlib import Path

import pytest

from scripts import bench, bench_export
from scripts.bench_export import COLUMNS, RUNTIMES, agrees, differences, export_with
from src.errors import EnvironmentFault, PartialError, UsageError

# Holds memory for a while, then says what export.py says; fails for ONNX.
EXPORT = """
import sys, time
flags = dict(each[2:].split("=", 1) for each in sys.argv[1:])
filled = bytearray(b"1") * (64 << 20)
time.sleep(0.5)
if flags["file_format"] == "ONNX":
    sys.exit("error: cannot convert | the operator Erf")
open(flags["file_name"], "wb").write(bytes(3_000_000))
print(flags["file_name"] + ": 3.0 MB, differs from its golden output by 2.4e-07")
"""


def row(network, size, value="1.0e-06"):
    return dict(zip(COLUMNS, (network, size, "7.1", "1.0", *[value] * len(RUNTIMES))))


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """Runs the command with stubs in the place of weights and runtimes; returns what was measured."""
    monkeypatch.setattr(bench_export, "drawn_weights", lambda name, path: Path(path).touch())

    def run(*sizes, network="ifrnet_s,tdan_x4", **values):
        asked = []

        def stub(name, weights, size, folder):
            asked.append((name, "{}x{}".format(*size)))
            return row(*asked[-1], values.get(name, "1.0e-06"))

        monkeypatch.setattr(bench_export, "differences", stub)
        rows = ["--rows_path", str(tmp_path / "kept" / "rows.json"), "--work_path", str(tmp_path)]
        bench.main(["export", "--network", network, *(["--sizes", *sizes] if sizes else []), *rows])
        return asked

    run.file = tmp_path / "kept" / "rows.json"
    return run


def test_the_table_is_made_in_pieces_smallest_first_and_what_agrees_is_not_measured_again(measured, capsys):
    assert measured("64x96", "50x70") == [
        ("ifrnet_s", "64x96"), ("tdan_x4", "64x96"), ("ifrnet_s", "50x70"), ("tdan_x4", "50x70"),
    ]  # fmt: skip
    capsys.readouterr()
    assert measured("64x96", "256x448", network="tdan_x4") == [("tdan_x4", "256x448")]
    head, rule, *lines = capsys.readouterr().out.splitlines()
    assert head == f"| {' | '.join(COLUMNS)} |"
    assert [tuple(line.split(" | ")[:2]) for line in lines] == [
        ("| ifrnet_s", "50x70"), ("| ifrnet_s", "64x96"),
        ("| tdan_x4", "50x70"), ("| tdan_x4", "64x96"), ("| tdan_x4", "256x448"),
    ]  # fmt: skip


def test_by_default_each_network_is_measured_at_three_sizes_the_largest_by_what_comes_out(measured):
    assert measured() == [
        ("ifrnet_s", "64x96"), ("tdan_x4", "64x96"), ("ifrnet_s", "50x70"), ("tdan_x4", "50x70"),
        ("ifrnet_s", "256x448"), ("tdan_x4", "64x112"),
    ]  # fmt: skip


def test_rows_that_nobody_asked_for_fail_nothing(measured):
    with pytest.raises(PartialError):
        measured("64x96", network="tdan_x4", tdan_x4="not built")
    assert measured("64x96", network="ifrnet_s") == [("ifrnet_s", "64x96")]


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["export", "--device_target", "GPU"], "export measures the CPU; got --device_target GPU"),
        (["edge", "--rounds", "-1"], "--rounds is at least 1; got -1"),
        (["export", "--work_path", "/nonexistent"], "--work_path is a folder; got '/nonexistent'"),
    ],
)
def test_what_cannot_be_measured_is_refused(arguments, says):
    with pytest.raises(UsageError, match=says):
        bench.main(arguments)


@pytest.mark.parametrize("value", ["1.1e-04", "nan", "not built"])
def test_rows_that_do_not_agree_are_told_and_measured_again(measured, value):
    with pytest.raises(PartialError, match="everywhere: tdan_x4 64x96$"):
        measured("64x96", tdan_x4=value)
    assert measured("64x96") == [("tdan_x4", "64x96")]
    assert all(map(agrees, json.loads(measured.file.read_text())))


def test_unknown_networks_sizes_and_files_of_rows_are_named(measured):
    with pytest.raises(UsageError, match="liteflownet"):
        measured("64x96", network="liteflownet")
    with pytest.raises(UsageError, match="64"):
        measured("64")
    measured.file.parent.mkdir()
    for text in ('[{"network": "ifrnet_s"}]', "[1]", "{"):
        measured.file.write_text(text)
        with pytest.raises(UsageError, match="rows.json"):
            measured("64x96")


@pytest.fixture
def exporter(tmp_path, monkeypatch):
    """A project whose export.py is a stub."""
    (tmp_path / "export.py").write_text(EXPORT)
    monkeypatch.setattr(bench_export, "ROOT", tmp_path)
    return tmp_path


def test_an_export_tells_its_difference_and_the_most_memory_it_held(exporter):
    arguments = (sys.executable, "tdan_x4", "w.ckpt", (5, 7))
    difference, peak = export_with(*arguments, "MINDIR", exporter / "net.mindir")
    assert difference == 2.4e-7
    assert 64 << 20 < peak < 128 << 20
    with pytest.raises(EnvironmentFault, match="the operator Erf"):
        export_with(*arguments, "ONNX", exporter / "net.onnx")


def test_a_row_has_why_a_runtime_could_not_and_leaves_no_files(exporter, monkeypatch):
    monkeypatch.setattr(bench_export, "OLD_PYTHON", exporter / "absent")
    folder = exporter / "files"
    folder.mkdir()
    met = differences("tdan_x4", "w.ckpt", (5, 7), folder)
    assert list(met) == list(COLUMNS)
    why = "error: cannot convert / the operator Erf (1)"
    missing = "no .venv-2.0.0"
    assert list(met.values())[:3] == ["tdan_x4", "5x7", "3.0"]
    assert list(met.values())[4:] == ["2.4e-07", missing, missing, missing, why, why]
    assert not agrees(met) and not list(folder.iterdir())
