"""The sample clip of the demo: what a player and the interpolation need of it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

av = pytest.importorskip("av")

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_sample.py"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "made here" / "sample.mp4"
    subprocess.run([sys.executable, str(SCRIPT), str(path)], check=True)
    return path


def test_the_clip_has_two_seconds_of_pictures_at_25_frames_a_second(sample):
    with av.open(str(sample)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        assert (stream.width, stream.height, stream.average_rate) == (320, 192, 25)
        assert [float(frame.pts * frame.time_base) for frame in frames] == pytest.approx(np.arange(50) / 25)


def test_the_sound_is_a_440_hertz_tone_as_long_as_the_pictures(sample):
    with av.open(str(sample)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
        rate = container.streams.audio[0].rate
    assert len(sound) / rate == pytest.approx(2, abs=0.05)
    assert np.argmax(np.abs(np.fft.rfft(sound[:rate]))) == 440


def test_the_shapes_move_as_the_scene_says(sample):
    """The ball is the only reddish thing; its centre must follow 60 + 100 t and 70 + 30 sin(pi t)."""
    with av.open(str(sample)) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    for index in (0, 12, 30):
        y, x = np.nonzero(frames[index][..., 0] - frames[index][..., 2] > 40)
        time = index / 25
        assert np.mean(x) == pytest.approx(60 + 100 * time, abs=1)
        assert np.mean(y) == pytest.approx(70 + 30 * np.sin(np.pi * time), abs=1)


def test_nothing_but_the_clip_is_left_behind(sample):
    assert [path.name for path in sample.parent.iterdir()] == ["sample.mp4"]


def test_a_place_that_cannot_be_written_is_one_line_and_code_2(tmp_path):
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path / "file" / "sample.mp4")], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot write ")
    assert len(done.stderr.splitlines()) == 1
