"""Tiles: what they join is what the whole frame would have given, and memory that runs out costs no frame."""

import numpy as np
import pytest

from src.errors import ResourceError
from src.video.memory import BYTES_PER_PIXEL, SHARE, fitting_tile, free_bytes, needed_bytes
from src.video.tiles import OVERLAP, Tiled, overlap_of, places
from tests.data.moving_clip import moving_frames
from tests.video.clips import Average


def noise(inputs, height, width):
    return np.random.default_rng(height + width).random((inputs, 3, height, width), np.float32)


class Noted(Average):
    """Notes the sizes of the frames it is given, and has no memory for more than `most` pixels."""

    def __init__(self, most=10**9, error=None):
        self.most, self.error = most, error or MemoryError()
        self.sizes = []

    def __call__(self, frames, times):
        self.sizes.append(frames.shape[2:])
        if frames.shape[2] * frames.shape[3] > self.most:
            raise self.error
        return super().__call__(frames, times)


@pytest.mark.parametrize("length", [96, 192, 193, 256, 300, 1000, 1081])
@pytest.mark.parametrize("tile", [192, 256, 512])
def test_tiles_of_one_size_cover_a_length_with_the_overlap(length, tile):
    found = places(length, tile)
    assert found[0][0] == 0 and found[-1][1] == length
    assert {last - first for first, last in found} == {min(tile, length)}
    assert all(before[1] - after[0] >= OVERLAP for before, after in zip(found, found[1:]))


@pytest.mark.parametrize(("height", "width"), [(200, 500), (500, 200), (333, 471)])
def test_a_network_that_looks_at_single_pixels_gives_the_same_in_tiles(height, width):
    frames = noise(2, height, width)
    predictor = Noted()
    joined = Tiled(predictor, 192)(frames, [0.25, 0.5])
    np.testing.assert_allclose(joined, Average()(frames, [0.25, 0.5]), atol=1e-6)
    assert len(set(predictor.sizes)) == 1 and max(predictor.sizes[0]) <= 192


def test_enlarged_tiles_are_joined_at_their_places():
    class Larger:
        inputs, outputs, scale, timestep = 5, 1, 4, "fixed"

        def __call__(self, frames, times):
            return frames[2:3].repeat(4, axis=2).repeat(4, axis=3)

    frames = noise(5, 230, 210)
    for tile in (64, 192):
        np.testing.assert_allclose(Tiled(Larger(), tile)(frames, [0.5]), Larger()(frames, [0.5]), atol=1e-6)
    assert overlap_of(4) < overlap_of(1)


class Together(Average):
    """Notes how many samples it is given at once, and has no memory for more than `most` pixels of a frame."""

    batch_size = 4

    def __init__(self, most):
        self.most, self.given = most, []

    def together(self, samples):
        self.given.append(len(samples))
        if samples[0][0][0, 0].size > self.most:
            raise MemoryError
        return [Average.__call__(self, *sample) for sample in samples]

    def __call__(self, frames, times):
        return self.together([(frames, times)])[0]


@pytest.mark.parametrize(
    ("tile", "most", "given"), [(0, 10**9, [3]), (192, 10**9, [4, 1] * 3), (0, 64 * 500 - 1, [3] + [3] * 3)]
)
def test_whole_frames_are_predicted_together_and_so_are_the_tiles_of_one(tile, most, given):
    samples = [(noise(2, 64, 500) / (index + 1), [0.25, 0.5]) for index in range(3)]
    predictor = Together(most)
    tiled = Tiled(predictor, tile)
    assert tiled.batch_size == 4
    for sample, predicted in zip(samples, tiled.together(samples)):
        np.testing.assert_allclose(predicted, Average()(*sample), atol=1e-6)
    assert predictor.given == given


def test_what_stands_by_in_single_precision_is_tiled_too():
    predictor = Noted()
    predictor.exact = Noted()
    tiled = Tiled(predictor, 192)
    tiled.exact(noise(2, 200, 250), [0.5])
    assert predictor.sizes == [] and len(predictor.exact.sizes) == 4
    assert Tiled(Noted(), 192).exact is None


def test_seams_of_tiles_that_disagree_are_faded():
    class Counting(Average):
        count = 0

        def __call__(self, frames, times):
            self.count += 1
            return np.full((1, 3, *frames.shape[2:]), self.count % 2, np.float32)

    row = Tiled(Counting(), 192)(noise(2, 64, 280), [0.5])[0, 0, 0]
    assert row[0] == 1 and row[-1] == 0
    assert np.abs(np.diff(row)).max() <= 1.01 / (OVERLAP / 2)


def test_frames_that_fit_are_predicted_whole():
    predictor = Noted()
    Tiled(predictor, 512)(noise(2, 300, 512), [0.5])
    Tiled(predictor, 0)(noise(2, 300, 1000), [0.5])
    assert predictor.sizes == [(300, 512), (300, 1000)]


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("Memory not enough: alloc 9 bytes failed")])
def test_when_memory_runs_out_tiles_are_halved_and_the_frame_is_made(error, capsys):
    predictor = Noted(300 * 300, error)
    tiled = Tiled(predictor, 0)
    frames = noise(2, 500, 900)
    np.testing.assert_allclose(tiled(frames, [0.5]), Average()(frames, [0.5]), atol=1e-6)
    assert tiled.tile == 256 and tiled.shrunk == 2
    assert "tiles of 256 pixels" in capsys.readouterr().err
    tried = len(predictor.sizes)
    tiled(frames, [0.5])
    assert {max(size) for size in predictor.sizes[tried:]} == {256}, "the next frame starts with what was found"


def test_when_the_smallest_tiles_do_not_fit_the_run_ends_as_out_of_memory():
    with pytest.raises(ResourceError, match="tiles of 192 pixels"):
        Tiled(Noted(100), 0)(noise(2, 500, 900), [0.5])


def test_another_failure_is_not_taken_for_a_lack_of_memory():
    with pytest.raises(RuntimeError, match="broken"):
        Tiled(Noted(100, RuntimeError("broken graph")), 0)(noise(2, 300, 300), [0.5])


def test_the_estimate_chooses_whole_frames_or_the_largest_tiles_that_fit():
    assert free_bytes() > 0
    for model in (*BYTES_PER_PIXEL, "another"):
        whole = needed_bytes(model, 2160, 3840)
        assert fitting_tile(model, 2160, 3840, whole / SHARE + 1, 192) == 0
        tile = fitting_tile(model, 2160, 3840, whole / SHARE / 2, 192)
        assert 192 <= tile < 3840 and tile % 32 == 0
        assert needed_bytes(model, min(tile, 2160), tile) <= whole / 2
        assert needed_bytes(model, min(tile + 32, 2160), tile + 32) > whole / 2
        assert fitting_tile(model, 2160, 3840, 1.0, 64) == 64


def test_tiles_of_the_shipped_network_are_its_whole_frames():
    from src.runtime.mindspore_graph import load_predictor

    network = load_predictor("ifrnet_s", "", "CPU", 0)
    for step in ((3, 2), (8, -5)):
        images = moving_frames(2, step, seed=4, size=(192, 320))
        frames = np.stack(images).transpose(0, 3, 1, 2).astype(np.float32) / 255
        whole = network(frames, [0.5])
        apart = Tiled(network, 256)(frames, [0.5]) - whole
        assert 10 * np.log10(1 / (apart**2).mean()) >= 50
        assert np.abs(np.diff(apart, axis=3)).max() <= 2 / 255, "no seam"
