"""Several workers share one video: the same frames whoever makes them, and what happens when one of them ends."""

import dataclasses
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from infer import load
from src.errors import UsageError
from src.video.job import Job, expected_parts
from src.video.media import survey
from src.video.memory import SHARE, free_bytes, needed_bytes
from src.video.shares import shares_of
from src.video.stages import stages_of
from src.video.workers import WorkerOptions, check_workers
from tests.data.moving_clip import moving_frames
from tests.runs import ROOT, exit_code, names, report_of, run
from tests.video.clips import Average, decoded, flat_frames, packets_of, picture, write_at, write_clip

COUNTED = ("frames", "rate", "seconds", "streams", "cuts", "repeats", "predicted", "unfit", "tiles", "broken")


class Weighted:
    """A predictor to which every frame it looks at makes a difference."""

    outputs, timestep = 1, "arbitrary"

    def __init__(self, inputs, scale=1):
        self.inputs, self.scale = inputs, scale
        self.weights = np.arange(1, inputs + 1, dtype=np.float32)[:, None, None, None] / sum(range(1, inputs + 1))

    def __call__(self, frames, times):
        mixed = (frames * self.weights).sum(axis=0, keepdims=True).repeat(self.scale, axis=2)
        return np.concatenate([mixed.repeat(self.scale, axis=3)] * len(times))


def scenes(*lengths):
    return [frame for seed, length in enumerate(lengths) for frame in moving_frames(length, (3 - seed, 1), seed=seed)]


def cut_beside_every_seam(folder):
    """With 4 frames in a part, scenes begin around the first frame of one, and flashes are near that are no scenes."""
    frames = scenes(7, 5, 3, 1, 1, 8)
    (frames[9],), (frames[18],) = moving_frames(1, (0, 0), seed=8), moving_frames(1, (0, 0), seed=9)
    return write_clip(folder / "in.mp4", frames, sounds=[440])


def changing_rate(folder):
    moments = np.cumsum([0, 40, 40, 320, 40, 20, 20, 400, 40, 40, 40, 33, 33, 200, 40, 40, 40]).tolist()
    return write_at(folder / "in.mp4", scenes(17), moments)


def drawn_on_twos(folder):
    return write_clip(folder / "in.mp4", [frame for frame in scenes(5, 6) for _ in range(2)])


@pytest.fixture
def share_out_here(monkeypatch):
    """Make the shares of all workers in this process, the last one first."""
    dealt = []

    def make(parts, source, timeline, options, argv):
        expected = expected_parts(source, options)
        shares = shares_of(parts.gaps(expected), expected, options.worker_num)
        for share in reversed(shares):
            networks = load(stages_of(options, source, free_bytes()), parts.tiles)
            job = Job(source, networks, timeline, options, options.output_path)
            for span in share:
                job.make(parts, span, lambda: None)
        dealt.append(len(shares))
        parts.look_again()

    monkeypatch.setattr("infer.make_by_workers", make)
    return dealt


def checksums(path):
    return [(hashlib.md5(planes.tobytes()).hexdigest(), time) for planes, time in decoded(path, "yuv420p")]


ENLARGER = ("--model", "tdan_x4", "--ckpt_path", "enlarger")
CASES = {
    "cuts": (cut_beside_every_seam, Average(), ["--multi", "4"]),
    "four frames": (cut_beside_every_seam, Weighted(4), ["--fps", "60"]),
    "less than a frame in a part": (cut_beside_every_seam, Average(), ["--fps", "3", "--part_frames", "2"]),
    "slow": (cut_beside_every_seam, Average(), ["--slow", "2", "--slow_audio", "stretch", "--cuts", "off"]),
    "changing rate": (changing_rate, Average(), []),
    "duplicates": (drawn_on_twos, Average(), ["--duplicates", "drop"]),
    "enlarged": (cut_beside_every_seam, Weighted(5, 4), ENLARGER),
    "enlarged from seven": (cut_beside_every_seam, Weighted(7, 4), [*ENLARGER, "--model", "toflow_vsr_x4"]),
    "batches": (cut_beside_every_seam, Weighted(4), ["--batch_size", "3"]),
    "enlarged in batches": (cut_beside_every_seam, Weighted(5, 4), ["--batch_size", "3", *ENLARGER]),
    "enlarged, then more": (cut_beside_every_seam, Weighted(4), ["--upscale", "tdan_x4", "--upscale_ckpt", "enlarger"]),
}


@pytest.mark.parametrize("case", CASES)
def test_frames_are_the_same_whoever_makes_which_part(tmp_path, loaded, share_out_here, monkeypatch, case):
    write, predictor, flags = CASES[case]
    networks = {"enlarger": predictor if "--model" in flags else Weighted(5, 4), "": predictor}
    monkeypatch.chdir(tmp_path)
    Path("enlarger").write_bytes(b"weights")
    runtime = sys.modules["src.runtime.mindspore_graph"]
    monkeypatch.setattr(runtime, "load_predictor", lambda _, ckpt_path, *__, **options: networks[ckpt_path])
    path, flags = write(tmp_path), ["--tile", "off", "--part_frames", "4", *flags]
    alone = run(path, tmp_path / "alone.mp4", "--resume", *flags)
    shared = run(path, tmp_path / "shared.mp4", "--worker_num", "4", *flags)
    assert share_out_here == [4] and checksums(shared) == checksums(alone)
    assert packets_of(shared, "audio") == packets_of(alone, "audio")
    assert [report_of(shared)[key] for key in COUNTED] == [report_of(alone)[key] for key in COUNTED]
    assert "shared.mp4.parts" not in names(tmp_path)


def test_cuts_are_told_once_and_in_order(tmp_path, loaded, share_out_here):
    result = run(cut_beside_every_seam(tmp_path), tmp_path / "out.mp4", "--worker_num", "4", "--part_frames", "2")
    whole = run(tmp_path / "in.mp4", tmp_path / "whole.mp4")
    assert report_of(result)["cuts"] == report_of(whole)["cuts"] and len(report_of(whole)["cuts"]) >= 3
    for key in ("frames", "repeats", "predicted"):
        assert report_of(result)[key] == report_of(whole)[key]


def test_images_are_the_same_bit_for_bit(images, tmp_path, loaded, share_out_here):
    alone = run(images, tmp_path / "alone", "--multi", "3")
    shared = run(images, tmp_path / "shared", "--multi", "3", "--worker_num", "2", "--part_frames", "1")
    assert names(shared) == names(alone)
    assert all((shared / name).read_bytes() == (alone / name).read_bytes() for name in names(alone))


@pytest.mark.parametrize("announced", [11, 30])
def test_a_source_that_ends_before_it_should_is_told_with_any_number_of_workers(
    tmp_path, loaded, share_out_here, monkeypatch, announced
):
    write_clip(tmp_path / "in.mp4", flat_frames([40, 80, 120, 160, 200, 90, 50, 30, 20]))
    monkeypatch.setattr("src.video.reader.survey", lambda path: dataclasses.replace(survey(path), pictures=announced))
    told = []
    for flags in (["--resume"], ["--worker_num", "4"]):
        result = tmp_path / f"out{len(told)}.mp4"
        assert exit_code([tmp_path / "in.mp4", "--output_path", result, "--part_frames", "3", *flags]) == 7
        told.append((report_of(result)["frames"], checksums(result)))
    assert told[0] == told[1] and told[0][0]["in"] == 9 and told[0][0]["out"] == 17


def test_workers_on_the_cpu_share_its_memory(tmp_path, loaded, share_out_here, monkeypatch):
    path = write_clip(tmp_path / "in.mp4", [picture(320, 208, index) for index in range(3)])
    whole = needed_bytes("ifrnet_s", 208, 320) / SHARE
    monkeypatch.setattr("infer.free_bytes", lambda: 1.5 * whole)
    sides = {}
    for count in ("1", "2"):
        result = run(path, tmp_path / f"{count}.mp4", "--resume", "--part_frames", "1", "--worker_num", count)
        sides[count] = report_of(result)["tiles"]["side"]
    assert sides["1"] == 0 and 0 < sides["2"] < 320


def test_one_worker_is_as_none(clip, tmp_path, loaded):
    results = [run(clip, tmp_path / "a.mp4"), run(clip, tmp_path / "b.mp4", "--worker_num", "1")]
    assert results[0].read_bytes() == results[1].read_bytes()


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", ""])
def test_wrong_numbers_of_workers_are_refused(clip, tmp_path, loaded, capsys, value):
    assert exit_code([clip, "--output_path", tmp_path / "out.mp4", "--worker_num", value]) == 2
    assert "worker_num" in capsys.readouterr().err and names(tmp_path) == ["in.mp4"] and loaded == []


def test_more_workers_than_devices_are_refused(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5,6,7")
    wanted = {"input": "a", "output_path": "b.mp4", "device_target": "GPU", "starter": 1}
    check_workers(WorkerOptions(worker_num=4, **wanted))
    for device, count in ((0, 5), (1, 4), (7, 2)):
        with pytest.raises(UsageError, match=f"got {count} for {max(4 - device, 0)}"):
            check_workers(WorkerOptions(worker_num=count, device_id=device, **wanted))


# What every process of a run imports first: a network that averages. After so many frames as STUB says every worker
# waits; when both do, one of them ends as STUB says.
STUB = """
import os, signal, sys, time, types
from pathlib import Path

class Average:
    inputs, outputs, scale, timestep = 2, 1, 1, "arbitrary"
    made = 0

    def __init__(self, model, ckpt_path, device_target, device_id):
        self.device = f"{device_target}{device_id}"

    def __call__(self, frames, times):
        import numpy as np

        mine = dict(zip(sys.argv, sys.argv[1:])).get("--rank", "alone")
        log = Path(os.environ["STUB_LOG"])
        with log.open("a") as file:
            print(mine, self.device, os.environ.get("OMP_NUM_THREADS"), file=file)
        rank, after, deed = os.environ.get("STUB", "- -1 -").split()
        while self.made == int(after):
            if mine == rank and len(log.read_text().splitlines()) == 2 * (int(after) + 1):
                if deed == "raise":
                    raise ValueError("the cause")
                os.kill(os.getpid(), getattr(signal, deed))
            time.sleep(0.1)
        self.made += 1
        return np.stack([(1 - time) * frames[0] + time * frames[1] for time in times]).astype(np.float32)

module = types.ModuleType("src.runtime.mindspore_graph")
module.load_predictor = Average
sys.modules[module.__name__] = module
"""


class Machine:
    """A folder with a clip, and infer.py started on it with a stub of the network in every process."""

    def __init__(self, folder):
        self.folder, self.log = folder, folder / "stub" / "log"
        self.log.parent.mkdir()
        (folder / "stub" / "sitecustomize.py").write_text(STUB)
        write_clip(folder / "in.mp4", scenes(13, 12), sounds=[440])

    def start(self, *flags, **environment):
        command = [sys.executable, str(ROOT / "infer.py"), "in.mp4", "--output_path", "out.mp4", "--part_frames", "4"]
        given = {**os.environ, "PYTHONPATH": str(self.folder / "stub"), "STUB_LOG": str(self.log), **environment}
        return subprocess.Popen(
            [*command, *flags], cwd=self.folder, env=given, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def run(self, *flags, **environment):
        process = self.start(*flags, **environment)
        said = process.communicate(timeout=300)[1]
        return process.returncode, said

    def calls(self):
        return [line.split() for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def alive(self):
        """Return the processes that still know this machine's log."""
        found = []
        for entry in os.scandir("/proc"):
            try:
                known = Path(entry.path, "environ").read_bytes() if entry.name.isdigit() else b""
            except OSError:
                continue
            if f"STUB_LOG={self.log}\0".encode() in known:
                found.append(int(entry.name))
        return found


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_a_worker_that_is_killed_ends_the_run_and_its_parts_are_gone_on_with(machine, tmp_path, loaded):
    code, said = machine.run("--worker_num", "2", STUB="1 6 SIGKILL")
    assert code == 128 + signal.SIGKILL and "worker 1 of 2 was killed by SIGKILL, so all were ended" in said
    assert names(tmp_path) == ["in.mp4", "out.mp4.parts", "stub"] and machine.alive() == []
    kept = {file.name: file.read_bytes() for file in (tmp_path / "out.mp4.parts").glob("*.data")}
    assert sorted(kept) == ["000000.data", "000003.data"], "each worker has made one part of its 3 and 4"
    before = len(machine.calls())
    code, said = machine.run("--worker_num", "3")
    assert code == 0 and said.splitlines()[-1].startswith("33/33 frames, "), said
    again = machine.calls()[before:]
    assert len(again) == 23 - 7, "24 pairs, one of them at a cut; 4 and 3 predictions are in the parts kept"
    threads = str(max(len(os.sched_getaffinity(0)) // 3, 1))
    assert {tuple(call) for call in again} == {(rank, "CPU0", threads) for rank in "012"}
    whole = run(tmp_path / "in.mp4", tmp_path / "whole.mp4", "--resume", "--part_frames", "4")
    assert checksums(tmp_path / "out.mp4") == checksums(whole)
    told, expected = report_of(tmp_path / "out.mp4"), report_of(whole)
    assert [told[key] for key in COUNTED] == [expected[key] for key in COUNTED]
    assert "out.mp4.parts" not in names(tmp_path)


def test_every_worker_has_a_device_and_one_that_fails_tells_why(machine, tmp_path):
    device = {"STUB": "1 1 raise", "CUDA_VISIBLE_DEVICES": "4,6,7"}
    code, said = machine.run("--worker_num", "2", "--device_target", "GPU", "--device_id", "1", **device)
    lines = said.splitlines()
    assert {(rank, device) for rank, device, _ in machine.calls()} == {("0", "GPU1"), ("1", "GPU2")}
    assert code == 1 and "ValueError: the cause" in lines
    assert lines[-1].startswith("error: worker 1 of 2 ended with code 1, so all were ended; its output is in out.mp4.p")
    assert names(tmp_path) == ["in.mp4", "out.mp4.parts", "stub"] and machine.alive() == []


def test_workers_end_with_the_run_that_started_them(machine, tmp_path):
    process = machine.start("--worker_num", "2", STUB="- 5 -")
    while len(machine.calls()) < 12:
        assert process.poll() is None
        time.sleep(0.1)
    code, said = machine.run("--worker_num", "2")
    assert code == 2 and f"is being written by another run, process {process.pid}" in said
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    limit = time.monotonic() + 60
    while machine.alive() and time.monotonic() < limit:
        time.sleep(0.1)
    assert machine.alive() == []
    assert machine.run("--resume")[0] == 0
    assert [name for name in names(tmp_path) if name.startswith(".")] == []
