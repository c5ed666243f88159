"""What every test starts with. MindSpore is set up where a collected module has imported it, but not imported here."""

import os
import sys
from pathlib import Path

# oneDNN of MindSpore 2.9 and 2.10 falls to a reference convolution on AVX-512, a hundred times slower.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def pytest_collection_finish(session):
    mindspore = sys.modules.get("mindspore")
    if mindspore is not None:
        mindspore.set_context(mode=mindspore.GRAPH_MODE)
