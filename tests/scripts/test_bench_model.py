"""bench.py model: the table of two sides that take turns, and what a side's process answers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import bench, bench_model
from scripts.bench_model import CASES, MULTIPLE, parse_size
from src.errors import EnvironmentFault, UsageError

SCRIPTS = Path(bench_model.__file__).parent
STUB = """#!{python}
import json, sys
file, *arguments = sys.argv[1:]
# in one go: both sides write at once
sys.stderr.write(" ".join([file.rpartition("_")[2], *arguments]) + "\\n")
ours = file.endswith("side.py")
facts = {{"framework": "ours" if ours else "theirs", "parameters": 2804562, "multiply_accumulates": {macs}}}
answers = {{"run": 30.0 if ours else 20.0, "memory": (3 if ours else 6) << 20, "facts": facts}}
for line in sys.stdin:
    print(json.dumps(answers[line.strip()]), flush=True)
    {end}
"""
# 64 MiB that are written to, and let go before it is asked
HUNGRY = """
import sys
sys.path.insert(0, {folder!r})
from bench_model_side import resident_bytes, serve
def run():
    bytearray(b"1") * (64 << 20)
serve(run, dict, resident_bytes("VmRSS"))
"""
# of TOFlow: a level of SPyNet (with 146 biases), and the fusion (131)
LEVEL_WEIGHTS = 49 * (8 * 32 + 32 * 64 + 64 * 32 + 32 * 16 + 16 * 2)
FUSION_WEIGHTS = 81 * 6 * 64 + 64 * 64 + 64 * 3


@pytest.fixture
def stub(tmp_path, monkeypatch):
    def made(end="pass", macs="15_400_000_000"):
        file = tmp_path / "python"
        file.write_text(STUB.format(python=sys.executable, end=end, macs=macs))
        file.chmod(0o755)
        monkeypatch.setattr(bench_model.sys, "executable", str(file))
        return ["model", "--upstream", str(tmp_path), "--torch_python", str(file), "--rounds", "3"]

    return made


def cells(line):
    return [each.strip() for each in line.strip("|").split("|")]


def test_a_row_holds_size_time_and_memory_of_both_sides_and_their_ratios(stub, capfd):
    bench.main([*stub(), "--network", "flavr_4x", "--sizes", "256x448", "64x96"])
    output = capfd.readouterr()
    head, rule, *rows = (cells(line) for line in output.out.splitlines() if line.startswith("|"))
    assert len(head) == len(rule) == len(rows[0]) == 11
    # three frames a run
    numbers = ["3", "2.80", "15.40", "10.0", "3", "6.7", "1.50x", "6", "0.50x"]
    assert rows == [["flavr_4x", "256 x 448", *numbers], ["flavr_4x", "64 x 96", *numbers]]
    assert "ours: ours\nupstream: theirs" in output.out


def test_without_upstream_there_are_no_columns_for_it(stub, capfd):
    stub()
    bench.main(["model", "--network", "ifrnet_s"])
    assert cells(capfd.readouterr().out.splitlines()[2])[-2:] == ["30.0", "3"]


def test_every_network_is_run_at_the_size_that_makes_the_frame(stub, capfd):
    bench.main([*stub(), "--network", "all", "--sizes", "64x96", "--rounds", "1"])
    output = capfd.readouterr()
    started = {tuple(line.split()) for line in output.err.splitlines() if line}
    ours = {(file, *arguments) for file, *arguments in started if file == "side.py"}
    assert {arguments[1] for arguments in ours} == set(CASES)
    assert ("side.py", "tdan_x4", "16", "24", "CPU") in ours and ("side.py", "ifrnet", "64", "96", "CPU") in ours
    assert {arguments[2] for arguments in started - ours} == {name for name in CASES if name != "ifrplus"}
    row = next(cells(line) for line in output.out.splitlines() if line.startswith("| ifrplus"))
    assert row[-4:] == ["-"] * 4


def test_sides_that_compute_something_else_are_told(stub, capfd):
    bench.main([*stub(macs="10 if ours else 12"), "--network", "ifrnet"])
    assert "ifrnet: 10 multiply-accumulates, upstream 12" in capfd.readouterr().out


def test_a_side_that_ends_early_is_told_in_one_line(stub):
    with pytest.raises(EnvironmentFault, match="side.py ended"):
        bench.main(stub(end="break"))


@pytest.mark.parametrize(
    "arguments", [["--network", "nonesuch"], ["--upstream", "nowhere"], ["--sizes", "256x450"], ["--sizes", "256"]]
)
def test_unknown_networks_folders_and_sizes_are_named(arguments):
    with pytest.raises(UsageError, match=arguments[1]):
        bench.main(["model", *arguments])


@pytest.mark.parametrize("name", ["ifrnet_s", "ifrplus", "flavr_4x", "toflow_vfi", "toflow_vsr_x4", "tdan_x4"])
def test_networks_take_the_sizes_that_are_accepted_and_return_so_many_frames(name):
    from src.models import create_model

    network = create_model(name)
    assert MULTIPLE % (network.multiple * network.scale) == 0
    assert (network.outputs, network.scale) == (CASES[name].frames, CASES[name].scale)
    assert parse_size("720x1280") == (720, 1280)


def ask(command, *questions):
    done = subprocess.run(
        command, input="".join(f"{each}\n" for each in questions), stdout=subprocess.PIPE, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_memory_is_the_most_that_was_held_since_the_start():
    _, memory, milliseconds = ask([sys.executable, "-c", HUNGRY.format(folder=str(SCRIPTS))], "run", "memory", "run")
    # Linux counts pages in batches
    assert memory == pytest.approx(64 << 20, abs=4 << 20)
    assert milliseconds > 0


def test_our_side_runs_a_network_and_counts_it():
    command = [sys.executable, str(SCRIPTS / "bench_model_side.py"), "toflow_vfi", "16", "16", "CPU"]
    milliseconds, memory, facts = ask(command, "run", "memory", "facts")
    assert milliseconds > 0 and memory > 0
    assert facts["parameters"] == 4 * LEVEL_WEIGHTS + 4 * 146 + FUSION_WEIGHTS + 131
    # a flow to and fro, on 1, 1/4, 1/16 and 1/64 of the pixels
    assert facts["multiply_accumulates"] == 2 * LEVEL_WEIGHTS * (256 + 64 + 16 + 4) + FUSION_WEIGHTS * 256
