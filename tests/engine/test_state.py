"""A training state survives kills, full disks, cuts and flipped bits: the newest whole one is always found."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from src.engine.state import CURRENT, PREVIOUS, newest_state, read_state, write_state
from src.errors import WeightsError

ROOT = Path(__file__).resolve().parents[2]


def state_of(step, size=2000):
    rng = np.random.default_rng(step)
    tensors = {"weight": rng.random((size // 40, 40), np.float32), "step": np.int32(step), "none": np.zeros((0, 3))}
    return tensors, {"step": step, "best": {"psnr": 30.5}}


def same(state, step):
    tensors, facts = state_of(step)
    assert state[1] == facts
    assert set(state[0]) == set(tensors)
    return all(
        np.array_equal(state[0][name], value) and state[0][name].dtype == value.dtype for name, value in tensors.items()
    )


def test_the_newest_of_two_generations_comes_back(tmp_path):
    assert newest_state(tmp_path) is None
    for step in (1, 2, 3):
        write_state(tmp_path, *state_of(step))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([CURRENT, PREVIOUS])
    assert same(newest_state(tmp_path), 3)
    assert same(read_state(tmp_path / PREVIOUS), 2)


def test_every_cut_and_every_flipped_bit_is_found_and_the_generation_before_is_used(tmp_path):
    for step in (1, 2):
        write_state(tmp_path, *state_of(step))
    whole = (tmp_path / CURRENT).read_bytes()
    rng = random.Random(0)
    for trial in range(200):
        damaged = bytearray(whole)
        if trial % 2:
            damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        else:
            del damaged[rng.randrange(len(whole)) :]
        (tmp_path / CURRENT).write_bytes(damaged)
        told = []
        assert same(newest_state(tmp_path, told.append), 1)
        assert len(told) == 1 and CURRENT in told[0] and PREVIOUS in told[0]
    (tmp_path / PREVIOUS).write_bytes(b"")
    with pytest.raises(WeightsError, match="state.safetensors.*state.previous.safetensors"):
        newest_state(tmp_path)


# For each step that it is told, writes states from that step on in a fork of its own, until that is killed.
WRITERS = """
import os, sys
from pathlib import Path
from src.engine.state import write_state
from tests.engine.test_state import state_of
for line in sys.stdin:
    child = os.fork()
    if not child:
        print(os.getpid(), flush=True)
        step = int(line)
        while True:
            write_state(Path(sys.argv[1]), *state_of(step))
            print(step, flush=True)
            step += 1
    os.waitpid(child, 0)
    print("killed", flush=True)
"""


def test_a_kill_inside_of_a_write_leaves_the_last_whole_state(tmp_path):
    rng = random.Random(1)
    step = 1
    command = [sys.executable, "-c", WRITERS, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as writers:
        for _ in range(100):
            print(step, file=writers.stdin, flush=True)
            number, told = int(writers.stdout.readline()), int(writers.stdout.readline())
            time.sleep(rng.uniform(0, 0.02))
            os.kill(number, signal.SIGKILL)
            told = max([told, *map(int, iter(writers.stdout.readline, "killed\n"))])
            found = newest_state(tmp_path, pytest.fail)
            # what was told is on disk; the kill may have come between the rename and the telling
            assert found[1]["step"] in (told, told + 1)
            assert same(found, found[1]["step"])
            step = found[1]["step"] + 1


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from src.engine.state import write_state
from src.errors import ResourceError
from tests.engine.test_state import state_of
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_state(Path(sys.argv[1]), *state_of(2))
except ResourceError as error:
    print(error)
"""


def test_a_full_disk_is_told_with_the_room_needed_and_leaves_the_state_as_it_was(tmp_path):
    write_state(tmp_path, *state_of(1))
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.startswith(f"{tmp_path} has no room: ") and "bytes needed" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == [CURRENT]
    assert same(newest_state(tmp_path), 1)
