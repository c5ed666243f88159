"""The MindSpore predictor: any size in, exactly that size out, the network asked as its contract says."""

import numpy as np
import pytest
from mindspore import Tensor, nn

from src.errors import UsageError, WeightsError
from src.runtime import ARBITRARY, FIXED
from src.runtime.mindspore_graph import GraphPredictor, load_predictor
from src.runtime.options import PRECISIONS
from src.runtime.padded import pad_to_size


class Blend(nn.Cell):
    """Mean of two frames weighted by time, which needs sizes divisible by 8."""

    inputs, outputs, scale, multiple, takes_time, task = 2, 1, 1, 8, True, "interpolation"

    def construct(self, frame0, frame1, time):
        assert frame0.shape[2] % 8 == 0 and frame0.shape[3] % 8 == 0
        return frame0 * (1 - time) + frame1 * time


class Middle(Blend):
    takes_time = False

    def construct(self, frame0, frame1):
        return 0.5 * frame0 + 0.5 * frame1 + 0.75


@pytest.fixture(scope="module")
def shipped():
    """The shipped network, which compiles for one size; here it may be asked for any time."""
    predictor = load_predictor("ifrnet_s", "", "CPU", 0)
    predictor.timestep = ARBITRARY
    return predictor


def two_frames(height, width):
    return np.random.RandomState(4).rand(2, 3, height, width).astype(np.float32)


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (33, 17), (16, 24)])
def test_any_size_comes_back_cropped_exactly(size):
    frames = two_frames(*size)
    predicted = GraphPredictor(Blend(), ARBITRARY)(frames, [0.25, 0.75])
    assert predicted.shape == (2, 3, *size)
    np.testing.assert_allclose(predicted[0], 0.75 * frames[0] + 0.25 * frames[1], atol=1e-6)
    np.testing.assert_allclose(predicted[1], 0.25 * frames[0] + 0.75 * frames[1], atol=1e-6)


def test_a_batch_of_pairs_and_times_is_that_of_one_after_the_other(shipped):
    samples = [(two_frames(33, 17) / (index + 1), [0.25, 0.75]) for index in range(3)]
    batched = GraphPredictor(shipped.network, ARBITRARY, batch_size=4)
    runs = []
    run = batched.run
    batched.run = lambda arrays: runs.append([each.shape[0] for each in arrays]) or run(arrays)
    for (frames, times), predicted in zip(samples, batched.together(samples)):
        np.testing.assert_allclose(predicted, shipped(frames, times), atol=1e-5)
    assert runs == [[4, 4, 4]] * 2, "the last batch is filled up, so that one graph serves all"


def test_what_is_infinite_is_no_white():
    class Overflowing(Blend):
        takes_time = False

        def construct(self, frame0, frame1):
            return frame0 / (frame1 * 0)

    predicted = GraphPredictor(Overflowing())(np.full((2, 3, 8, 8), 0.5, np.float32), [0.5])
    assert np.isnan(predicted).all()


def test_half_precision_predicts_nearly_the_same(shipped):
    frames = two_frames(48, 32)
    half = load_predictor("ifrnet_s", "", "CPU", 0, PRECISIONS[1])
    assert 0 < np.abs(half(frames, [0.5]) - shipped(frames, [0.5])).max() < 0.02


def test_a_network_without_time_is_not_given_one_and_its_frame_is_clipped():
    frames = two_frames(9, 11)
    predicted = GraphPredictor(Middle())(frames, [0.5])
    np.testing.assert_allclose(predicted[0], np.minimum(frames.mean(0) + 0.75, 1), atol=1e-6)


def test_measures_that_want_so_are_given_what_leaves_the_range():
    predictor, frames = GraphPredictor(Middle()), two_frames(9, 11)
    predictor.clips = False
    np.testing.assert_allclose(predictor(frames, [0.5])[0], frames.mean(0) + 0.75, atol=1e-6)


def test_padding_repeats_the_right_and_the_bottom_edge():
    padded = pad_to_size(np.arange(6, dtype=np.float32).reshape(1, 2, 3), (4, 4))
    expected = [[0, 1, 2, 2], [3, 4, 5, 5], [3, 4, 5, 5], [3, 4, 5, 5]]
    np.testing.assert_array_equal(padded[0], expected)


def test_ifrnet_on_an_odd_size_equals_the_network_on_padded_frames(shipped):
    frames = two_frames(33, 17)
    padded = np.pad(frames, ((0, 0), (0, 0), (0, 15), (0, 15)), mode="edge")
    time = np.full((1, 1, 1, 1), 0.5, np.float32)
    whole = shipped.network(Tensor(padded[:1]), Tensor(padded[1:]), Tensor(time)).asnumpy()
    np.testing.assert_array_equal(shipped(frames, [0.5])[0], whole[0, :, :33, :17])


def test_frames_of_another_shape_are_refused_with_both_shapes():
    with pytest.raises(ValueError, match=r"\(2, 3, H, W\); got \(3, 3, 8, 8\)"):
        GraphPredictor(Blend())(np.zeros((3, 3, 8, 8), np.float32), [0.5])


@pytest.mark.parametrize("network, timestep", [(Blend, FIXED), (Middle, FIXED), (Middle, ARBITRARY)])
def test_a_time_that_the_weights_do_not_know_is_refused(network, timestep):
    """The frame in the middle would pass for another one; a network that takes no time knows no other, card or not."""
    predictor, frames = GraphPredictor(network(), timestep), two_frames(8, 8)
    assert predictor.timestep == FIXED
    with pytest.raises(UsageError, match=r"only know the times n/2 of two frames; got 0\.25"):
        predictor(frames, [0.5, 0.25])
    assert predictor(frames, [0.5]).shape == (1, 3, 8, 8)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("ifrnet_m", "ifrnet_s, ifrnet, ifrnet_l"),
        ("ifrnet_l", "no weights are shipped"),
        ("spynet", "predicts flow, not frames"),
    ],
)
def test_models_that_cannot_be_used_are_refused(model, expected):
    with pytest.raises(UsageError, match=expected):
        load_predictor(model, "", "CPU", 0)


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(WeightsError, match="gone.ckpt does not exist"):
        load_predictor("ifrnet_s", str(tmp_path / "gone.ckpt"), "CPU", 0)
