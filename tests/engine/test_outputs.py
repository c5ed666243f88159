"""A place that cannot be written is told by every program before it does anything, and changes nothing."""

import os
from pathlib import Path

import pytest

import eval as evaluation
import train
from scripts import (
    convert_torch,
    distribute,
    make_flow,
    make_mindrecord,
    make_sample,
    make_strip,
    pack_weights,
)
from src.engine.outputs import check_file, check_folder
from src.errors import UsageError
from tests.data.layouts import make


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"kept")
    return path


def test_what_can_be_written_passes_and_nothing_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, tmp_path / "new" / "newer", Path("new")):
        check_folder(folder)
        check_file(folder / "name")
    assert list(tmp_path.iterdir()) == []


def test_a_file_a_dangling_link_and_a_place_that_takes_no_files_are_no_folders(file, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for folder in (file, file / "new", tmp_path / "link", Path("/proc/new")):
        with pytest.raises(UsageError, match=f"cannot write into {folder}: "):
            check_folder(folder)
    with pytest.raises(UsageError, match="it is a folder"):
        check_file(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["file", "link"] and file.read_bytes() == b"kept"


PROGRAMS = {
    "train": (train, ["--output_path", "file"]),
    "train, below": (train, ["--output_path", "file/new"]),
    "eval": (evaluation, ["--output_path", "file"]),
    "distribute": (distribute, ["--", "--output_path", "file"]),
    "make_mindrecord": (make_mindrecord, ["--dataset", "vimeo_triplet", "--data_path", "d", "--output_path", "file/x"]),
    "make_flow": (make_flow, ["--data_path", "data", "--method", "spynet", "--output_path", "file"]),
    "make_strip": (make_strip, ["video.mp4", "file/strip.png"]),
    "make_sample": (make_sample, ["file/sample.mp4"]),
    "convert_torch": (convert_torch, ["w.pth", "--model", "toflow_vfi", "--output_path", "file/w.ckpt"]),
    "pack_weights": (pack_weights, ["w.ckpt", "file/w.ckpt"]),
}


@pytest.mark.parametrize(("program", "arguments"), PROGRAMS.values(), ids=PROGRAMS)
def test_every_program_refuses_a_place_that_cannot_be_written(program, arguments, file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make("vimeo_triplet", tmp_path / "data")
    with pytest.raises(UsageError, match="cannot write into file.*: Not a directory"):
        program.main(arguments)
    assert file.read_bytes() == b"kept"


def test_a_folder_is_no_name_for_the_sample(tmp_path):
    with pytest.raises(UsageError, match="it is a folder"):
        make_sample.main([str(tmp_path)])
