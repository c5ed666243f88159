"""bench.py train: the table of two sides that take turns; the other Python is a stub that notes when it is asked."""

import sys

import pytest
from mindspore import nn

from scripts import bench, bench_train
from scripts.bench_train import Case, make_columns
from src.errors import EnvironmentFault, UsageError

STUB = """#!{python}
import os, sys
root, network, optimizer, columns = sys.argv[2:]
assert os.path.exists(columns)
print(network, optimizer, file=sys.stderr)
for line in sys.stdin:
    print("[20.0, 5.0]", flush=True)
    {end}
"""


class OurSide:
    def __init__(self, name, case, device_target):
        self.columns = make_columns(("frame0", "target"), case, 1)

    def run(self):
        return 30.0, 4.0


@pytest.fixture
def stub(tmp_path, monkeypatch):
    monkeypatch.setattr(bench_train, "OurStep", OurSide)

    def made(end="pass"):
        file = tmp_path / "python"
        file.write_text(STUB.format(python=sys.executable, end=end))
        file.chmod(0o755)
        return ["train", "--upstream", str(tmp_path), "--torch_python", str(file), "--rounds", "3"]

    return made


def test_medians_and_ratios_of_wall_and_processor_time_stand_in_the_table(stub, capfd):
    bench.main([*stub(), "--network", "ifrnet_s"])
    output = capfd.readouterr()
    assert output.out.splitlines()[-1].split()[-6:] == ["30.0", "20.0", "1.50x", "4.0", "5.0", "0.80x"]
    assert output.err.split() == ["ifrnet_s", "adamw"]


def test_a_side_that_ends_early_is_told_in_one_line(stub):
    with pytest.raises(EnvironmentFault, match="upstream side ended"):
        bench.main([*stub(end="break"), "--network", "toflow_vfi"])


@pytest.mark.parametrize("arguments", [["--network", "nonesuch"], ["--upstream", "nowhere"]])
def test_unknown_networks_and_folders_are_named(arguments):
    with pytest.raises(UsageError, match=arguments[1]):
        bench.main(["train", *arguments])


def test_columns_have_the_shapes_of_the_networks_contract():
    case = Case(2, (32, 64))
    columns = make_columns(("frame0", "time", "flow", "target"), case, 4)
    shapes = {name: column.shape for name, column in columns.items()}
    assert shapes == {"frame0": (2, 3, 8, 16), "time": (2, 1, 1, 1), "flow": (2, 4, 32, 64), "target": (2, 3, 32, 64)}


def test_our_statistics_are_held_as_theirs_are():
    step = bench_train.OurStep("toflow_vsr_x4", Case(1, size=(64, 64)), "CPU").step
    layers = [cell for _, cell in step.cells_and_names() if isinstance(cell, nn.BatchNorm2d)]
    assert layers and {cell.use_batch_statistics for cell in layers} == {False}
