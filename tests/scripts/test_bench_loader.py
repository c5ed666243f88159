"""The loader's bench: its own data are what the loader of the recipes reads, and it tells a number for every count."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.bench_loader import make_triplets
from src.data.datasets import find_entries
from src.data.samples import read_window

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "bench.py"


def test_generated_files_weigh_what_the_published_ones_do(tmp_path):
    make_triplets(tmp_path, 2)
    entries = find_entries("vimeo_triplet", str(tmp_path), "train")
    assert [read_window(each, 2).frames[0].shape for each in entries] == [(3, 256, 448)] * 2
    files = [file for each in entries for file in (*each.frames, *each.targets)]
    assert 90_000 < sum(file.stat().st_size for file in files) / len(files) < 220_000
    assert all(file.stat().st_size == 12 + 8 * 256 * 448 for each in entries for file in each.flows)


def test_our_side_runs_alone(tmp_path):
    few = ["--clips", "2", "--batches", "1", "--batch_size", "2", "--rounds", "1", "--workers", "1"]
    done = subprocess.run([sys.executable, str(SCRIPT), "loader", *few], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    workers, name, *numbers = done.stdout.splitlines()[-1].split()
    assert (workers, name) == ("1", "ours") and all(float(each) > 0 for each in numbers)


@pytest.mark.parametrize("upstream, told", [("nowhere", "--upstream holds a checkout of IFRNet")])
def test_a_folder_that_is_no_checkout_is_refused(upstream, told):
    few = ["--upstream", upstream]
    done = subprocess.run([sys.executable, str(SCRIPT), "loader", *few], capture_output=True, text=True)
    assert done.returncode == 2 and told in done.stderr
