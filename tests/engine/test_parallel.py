"""Training on two CPU processes, started by msrun: equal to one process, and ended when a worker dies."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import train
from tests.data.layouts import make

ROOT = Path(__file__).resolve().parents[2]
# The network whose training compiles fastest.
TINY = [
    "--model", "tdan_x4", "--dataset", "vimeo_bi", "--height", "32", "--width", "32", "--rate", "1e-3", "--max_steps",
    "4",
]  # fmt: skip
LAUNCH = """
import sys
from pathlib import Path
from src.engine.launch import start_workers
from src.engine.watch import watch
sys.exit(watch(start_workers([sys.argv[1]], "CPU", 2, Path(sys.argv[2]))))
"""
JOIN = """
from types import SimpleNamespace
import numpy as np
from src.engine.device import start_device
start_device(seed=1)
from src.engine.parallel import *
from src.errors import WeightsError
from mindspore import Tensor, nn
workers = start_parallel(SimpleNamespace(distribute=True, device_target="CPU"))
"""

needs_msrun = pytest.mark.skipif(
    shutil.which("msrun", path=os.path.dirname(sys.executable)) is None, reason="msrun comes with MindSpore 2.3"
)


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "MINDFRAMES_READY_PYTHON": sys.executable}


def start_program(folder, text):
    """Start two workers that join and then run `text`."""
    program = folder / "program.py"
    program.write_text(JOIN + textwrap.dedent(text), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-c", LAUNCH, str(program), str(folder / "logs")],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def processes_of(path):
    """Return the processes, but the launcher, whose command line holds a path, as {rank or None: number}."""
    found = {}
    for entry in os.scandir("/proc"):
        try:
            command = Path(entry.path, "cmdline").read_bytes() if entry.name.isdigit() else b""
            variables = Path(entry.path, "environ").read_bytes().split(b"\0") if str(path).encode() in command else []
        except OSError:
            continue
        if b"MS_ROLE=MS_WORKER" in variables:
            rank = next(each for each in variables if each.startswith(b"RANK_ID="))
            found[int(rank.partition(b"=")[2])] = int(entry.name)
        elif variables:
            found[None] = int(entry.name)
    return found


@needs_msrun
def test_two_processes_follow_the_loss_curve_of_one_with_twice_the_batch(tmp_path):
    """Sums in another order differ by some 1e-7 a step; a sample too many or a wrong share differs by 1e-2."""
    script = ["bash", str(ROOT / "scripts" / "run_distribute_train_cpu.sh"), "2"]
    data = ["--data_path", str(make("vimeo_bi", tmp_path / "data"))]
    flags = [*TINY, *data, "--batch_size", "2", "--output_path", str(tmp_path / "two")]
    done = subprocess.run([*script, *flags], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "worker 0 of 2: 4 steps of 2 samples of its own"
    assert lines[-1] == f"weights: {tmp_path}/two/tdan_x4.ckpt"
    train.main([*TINY, *data, "--batch_size", "4", "--output_path", str(tmp_path / "one")])
    two, one = (
        [json.loads(line) for line in (tmp_path / name / "metrics.jsonl").read_text().splitlines()]
        for name in ("two", "one")
    )
    assert [line["step"] for line in two] == [1, 2, 3, 4]
    for measured, expected in zip(two, one):
        assert measured == pytest.approx(expected, rel=1e-5)


@needs_msrun
def test_workers_exchange_means_and_notice_unequal_weights(tmp_path):
    process = start_program(
        tmp_path,
        """
        assert (workers.count, workers.writes) == (2, workers.rank == 0)
        network = nn.Dense(3, 4)
        check_equal_weights(network, workers)

        parameters = network.trainable_params()
        gradients = tuple(Tensor(np.full(each.shape, 1.0 + 2 * workers.rank, np.float32)) for each in parameters)
        for mean in gradient_average(parameters, workers)(gradients):
            assert (mean.asnumpy() == 2).all()
        loss, term = ScalarAverage(workers)((Tensor(1.0 + workers.rank), Tensor(4.0 * workers.rank)))
        assert (float(loss.asnumpy()), float(term.asnumpy())) == (1.5, 2.0)

        # worker 0 measured two samples, worker 1 one that counts twice
        scores = ([[np.pi, 1], [np.e, 2]], [[30.0, 6]])[workers.rank]
        means = average_scores(scores, ([1, 1], [2])[workers.rank], workers)
        np.testing.assert_allclose(means, [(np.pi + np.e + 60) / 4, 15 / 4], rtol=1e-13)
        means = average_scores(np.ones((1 - workers.rank, 2)), np.ones(1 - workers.rank), workers)
        np.testing.assert_array_equal(means, [1, 1])
        barrier(workers)

        if workers.rank == 1:
            network.weight.set_data(network.weight + 1e-6)
        try:
            check_equal_weights(network, workers)
            raise AssertionError("unequal weights were not noticed")
        except WeightsError as error:
            assert "on worker 1" in str(error)
        """,
    )
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err


@needs_msrun
def test_a_killed_worker_ends_everything_with_its_code(tmp_path):
    process = start_program(
        tmp_path,
        """
        print("joined", flush=True)
        while True:
            barrier(workers)
        """,
    )
    assert process.stdout.readline() == "joined\n"
    running = processes_of(tmp_path)
    assert {0, 1} <= set(running)
    os.kill(running[1], signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGKILL
    assert "error: worker 1 of 2 was killed by SIGKILL" in err
    assert processes_of(tmp_path) == {}


def test_a_single_process_is_told_to_use_a_launcher(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "train.py"), "--distribute", "--output_path", str(tmp_path / "out")],
        env={name: value for name, value in os.environ.items() if name != "RANK_TABLE_FILE"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "bash scripts/run_distribute_train_cpu.sh" in done.stderr
    assert not (tmp_path / "out").exists()
