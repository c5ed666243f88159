"""How long a run is going to take, told by predictions of a clock that is known."""

from types import SimpleNamespace

import numpy as np
import pytest

from src.runtime.options import InferOptions
from src.runtime.padded import PaddedPredictor
from src.video.stages import Stage, speed_told
from src.video.tiles import Tiled


class Clocked:
    """Takes a second for 256 x 256 pixels."""

    timestep = "arbitrary"

    def __init__(self, clock, inputs=2, outputs=1, scale=1):
        self.clock, self.inputs, self.outputs, self.scale = clock, inputs, outputs, scale

    def __call__(self, frames, times):
        count, _, height, width = frames.shape
        assert count == self.inputs and max(height, width) <= 256
        self.clock.now += height * width / 256**2
        return np.zeros((len(times), 3, height * self.scale, width * self.scale), np.float32)


class Batched(PaddedPredictor):
    """A runtime that takes a second for every 256 x 256 pixels of a batch, whatever is looked at of its outputs."""

    def __init__(self, clock, inputs, outputs, batch_size):
        facts = SimpleNamespace(inputs=inputs, outputs=outputs, scale=1, takes_time=False)
        super().__init__(facts, "fixed", batch_size)
        self.clock = clock

    def fitting_size(self, height, width):
        return height, width

    def run(self, arrays):
        samples, _, height, width = arrays[0].shape
        self.clock.now += samples * height * width / 256**2
        shape = (samples, self.outputs, 3, height, width) if self.outputs > 1 else (samples, 3, height, width)
        return np.zeros(shape, np.float32)


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 0.0

    monkeypatch.setattr("src.video.stages.time.perf_counter", lambda: Clock.now)
    return Clock


def stage(model, height, width, tile=0):
    return Stage(InferOptions(input="in.mp4", output_path="out.mp4", model=model), height, width, tile)


def test_time_grows_with_the_area_and_the_frames_that_are_new(clock):
    told = speed_told([stage("ifrnet_s", 512, 768)], [Tiled(Clocked(clock), 0)], frames_in=11, frames_out=21)
    assert told == "about 0.35 frames a second, 01:00 in all"


def test_several_frames_of_one_run_take_its_time_once(clock):
    told = speed_told([stage("flavr_8x", 256, 256)], [Tiled(Clocked(clock, 4, 7), 0)], frames_in=11, frames_out=81)
    assert told == "about 8.1 frames a second, 00:10 in all"


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize(("inputs", "outputs", "rate"), [(2, 1, "2.1"), (4, 7, "8.1")])
def test_a_prediction_costs_its_share_of_a_run_and_is_made_anew(clock, inputs, outputs, rate, batch_size):
    network = Tiled(Batched(clock, inputs, outputs, batch_size), 0)
    frames = 11 + 10 * outputs
    told = speed_told([stage("ifrnet_s", 256, 256)], [network], frames_in=11, frames_out=frames)
    assert told == f"about {rate} frames a second, 00:10 in all"


def test_what_tiles_share_is_predicted_more_than_once(clock):
    # 448 = 256 + 256 - 64 > 256 + 256 - 96: three tiles, of which two would do without an overlap
    told = speed_told([stage("ifrnet_s", 256, 448, 256)], [Tiled(Clocked(clock), 256)], frames_in=2, frames_out=3)
    assert told.endswith(", 00:03 in all")


def test_both_networks_of_a_combined_run_count(clock):
    stages = [stage("tdan_x4", 64, 64), stage("ifrnet_s", 256, 256)]
    networks = [Tiled(Clocked(clock, 5, scale=4), 0), Tiled(Clocked(clock), 0)]
    assert speed_told(stages, networks, frames_in=16, frames_out=31).endswith(", 00:16 in all")
    assert speed_told(stages[:1], networks[:1], frames_in=32, frames_out=32) == "about 16 frames a second, 00:02 in all"
