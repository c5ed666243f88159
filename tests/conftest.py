"""What every test starts with. MindSpore is set up where a collected module has imported it, but not imported here."""

import gc
import os
import sys
import types
from pathlib import Path

import pytest

# oneDNN of MindSpore 2.9 and 2.10 falls to a reference convolution on AVX-512, a hundred times slower.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
# What takes longest comes first: at the end of a run on several processes none waits long for another.
LONGEST = (
    "export/test_files.py", "engine/test_parallel.py", "test_eval.py", "models/test_toflow_parity.py", "test_train.py",
    "engine/test_resume.py", "export/test_runtimes.py", "test_recipes.py", "losses/test_ifrplus_training_parity.py",
    "models/test_ifrnet_parity.py",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))


def pytest_collection_finish(session):
    mindspore = sys.modules.get("mindspore")
    if mindspore is not None:
        mindspore.set_context(mode=mindspore.GRAPH_MODE)
    # What is imported stays: the garbage collector need not walk through it again and again.
    gc.freeze()


@pytest.fixture
def loaded(monkeypatch):
    """Put the averaging network in the place of the MindSpore runtime; the list tells how it was asked for."""
    from tests.video.clips import Average  # here: the path has to be set first

    calls = []

    def load_predictor(*arguments):
        calls.append(arguments)
        return Average()

    module = types.ModuleType("src.runtime.mindspore_graph")
    module.load_predictor = load_predictor
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return calls


@pytest.fixture
def clip(tmp_path):
    from tests.video.clips import flat_frames, gray_levels, write_clip

    return write_clip(tmp_path / "in.mp4", flat_frames(gray_levels(6, step=30)), sounds=[440])


@pytest.fixture
def images(tmp_path):
    import cv2

    from tests.video.clips import picture

    folder = tmp_path / "frames"
    folder.mkdir()
    for index in range(8, 12):  # 9 before 10
        cv2.imwrite(str(folder / f"f{index}.png"), cv2.cvtColor(picture(33, 21, index), cv2.COLOR_RGB2BGR))
    return folder
