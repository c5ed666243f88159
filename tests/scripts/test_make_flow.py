"""make_flow.py: every clip of the lists gets its two files, once, whoever of the ranks makes them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from src.data.datasets import find_entries
from src.data.flow_files import read_flow
from tests.data.layouts import make

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_flow.py"


def run(*arguments, **variables):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables})


def flow_files(folder):
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*.flo"))


def test_two_ranks_make_every_file_of_both_lists_once(tmp_path):
    folder = make("vimeo_triplet", tmp_path / "vimeo_triplet")
    published = flow_files(folder / "flow")
    shutil.rmtree(folder / "flow")
    first = run("--data_path", folder, "--rank", 0, "--ranks", 2)
    assert first.returncode == 0, first.stderr
    assert "3 clips: 6 flow files written, 0 kept" in first.stdout
    second = run("--data_path", folder, RANK_ID="1", RANK_SIZE="2")
    assert "2 clips: 4 flow files written, 0 kept" in second.stdout, second.stderr
    assert flow_files(folder / "flow") == published
    assert "5 clips: 0 flow files written, 10 kept" in run("--data_path", folder).stdout
    for entry in find_entries("vimeo_triplet", str(folder), "train"):
        # the picture moves by (2, -1) a frame: back to frame 0, on to frame 1
        for file, sign in zip(entry.flows, (-1, 1)):
            middle = read_flow(file)[:, 20:-20, 20:-20].mean((1, 2))
            assert abs(middle[0] - 2 * sign) < 0.5 and abs(middle[1] + sign) < 0.5


def test_clips_that_cannot_be_labelled_are_listed_with_exit_code_7(tmp_path):
    folder = make("vimeo_triplet", tmp_path / "vimeo_triplet")
    (folder / "sequences/00001/0002/im2.png").unlink()
    done = run("--data_path", folder, "--output_path", tmp_path / "flow")
    assert done.returncode == 7
    assert "1 of 5 clips could not be labelled" in done.stderr and "0002/im2.png" in done.stderr
    assert len(flow_files(tmp_path / "flow")) == 8


def test_what_cannot_be_meant_is_one_line_and_code_2(tmp_path):
    folder = make("vimeo_triplet", tmp_path / "vimeo_triplet")
    for arguments, told in (
        (("--rank", 2, "--ranks", 2), "rank lies in 0 to ranks - 1 = 1; got 2"),
        (("--method", "liteflownet"), "give its --ckpt_path"),
    ):
        done = run("--data_path", folder, *arguments)
        assert done.returncode == 2 and told in done.stderr
        assert done.stderr.count("\n") == 1
