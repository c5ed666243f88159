"""scripts/check_dataset.py as a command: what it prints and the codes it ends with."""

import subprocess
import sys
from pathlib import Path

from tests.data import layouts

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "check_dataset.py"


def check(*arguments):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_the_command_counts_names_what_is_broken_and_ends_with_3(tmp_path):
    folder = layouts.make("vimeo_septuplet", tmp_path / "copy")
    fine = check("--dataset", "vimeo_septuplet", "--data_path", folder)
    assert fine.returncode == 0
    assert fine.stdout.splitlines() == [
        "vimeo_septuplet train: 3 samples, 15 images, all readable",
        "vimeo_septuplet test: 2 samples, 10 images, all readable",
    ]
    wrong = check("--dataset", "vimeo_triplet", "--data_path", folder)
    assert wrong.returncode == 3 and not wrong.stdout
    assert "tri_trainlist.txt: does not exist" in wrong.stderr and "found: Vimeo90K septuplets" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    unknown = check("--dataset", "vimeo_tripet", "--data_path", folder)
    assert unknown.returncode == 2 and "did you mean 'vimeo_triplet'?" in unknown.stderr
