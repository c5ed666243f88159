"""Every augmentation leaves frames and flow consistent: the frames fetched along the flow still show the target."""

import cv2
import numpy as np
import pytest

from src.data import augment as augmentations

SIZE = (37, 53)
CENTRE = np.array([26.0, 18.0])
TO_FRAME0 = np.array([[1.06, 0.05], [-0.04, 0.95]]), np.array([2.5, -1.5])
TO_FRAME1 = np.array([[0.93, -0.07], [0.05, 1.08]]), np.array([-3.0, 2.0])


def pattern(x, y):
    """A smooth colour picture without any symmetry, defined everywhere."""
    waves = [np.sin(0.23 * x + 0.11 * y + 1), np.cos(0.17 * y - 0.09 * x), np.sin(0.13 * x) * np.cos(0.19 * y + 0.4)]
    return 0.5 + 0.45 * np.stack(waves).astype(np.float32)


def affine_sample(size=SIZE):
    """Target, and two frames that are affine pictures of it; frame(A (p - c) + c + b) = target(p)."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float64)
    frames, flows = [], []
    for matrix, shift in (TO_FRAME0, TO_FRAME1):
        points = np.stack([x - CENTRE[0], y - CENTRE[1]])
        flows.append(np.einsum("ij,jhw->ihw", matrix - np.eye(2), points) + shift[:, None, None])
        origin = np.einsum("ij,jhw->ihw", np.linalg.inv(matrix), points - shift[:, None, None])
        frames.append(pattern(origin[0] + CENTRE[0], origin[1] + CENTRE[1]))
    flow = np.concatenate(flows).astype(np.float32)
    return frames[0], frames[1], np.full((1, 1, 1), 0.375, np.float32), pattern(x, y), flow


def assert_consistent(sample, border=7, tolerance=0.02):
    frame0, frame1, _, target, flow = sample
    h, w = target.shape[1:]
    y, x = np.mgrid[:h, :w].astype(np.float32)
    for frame, (flow_x, flow_y) in ((frame0, flow[:2]), (frame1, flow[2:])):
        warped = cv2.remap(np.ascontiguousarray(frame.transpose(1, 2, 0)), x + flow_x, y + flow_y, cv2.INTER_LINEAR)
        error = np.abs(warped.transpose(2, 0, 1) - target)[:, border:-border, border:-border]
        assert error.max() < tolerance
    for array in sample:
        assert array.dtype == np.float32 and array.flags.c_contiguous


CHANGES = {
    "flip_horizontal": augmentations.flip_horizontal,
    "flip_vertical": augmentations.flip_vertical,
    "transpose": augmentations.transpose,
    "reverse_time": augmentations.reverse_time,
    "permute_channels": lambda sample: augmentations.permute_channels(sample, (2, 0, 1)),
}


def test_the_sample_itself_is_consistent_and_wrong_flow_signs_are_noticed():
    sample = affine_sample()
    assert_consistent(sample)
    for channel in range(4):
        flow = sample[4].copy()
        flow[channel] *= -1
        with pytest.raises(AssertionError):
            assert_consistent((*sample[:4], flow))


@pytest.mark.parametrize("name", CHANGES)
def test_change_keeps_frames_and_flow_together_and_its_argument_untouched(name):
    sample = affine_sample()
    changed = CHANGES[name](sample)
    assert_consistent(changed)
    for before, after in zip(affine_sample(), sample):
        np.testing.assert_array_equal(before, after)
    assert changed[3].shape == ((3, 53, 37) if name == "transpose" else (3, 37, 53))
    assert any(not np.array_equal(a, b) for a, b in zip(changed, sample))


@pytest.mark.parametrize("name", ["flip_horizontal", "flip_vertical", "transpose", "reverse_time"])
def test_change_done_twice_is_no_change(name):
    sample = affine_sample()
    for again, before in zip(CHANGES[name](CHANGES[name](sample)), sample):
        np.testing.assert_array_equal(again, before)


def test_reversed_time_swaps_the_frames_and_counts_from_the_other_end():
    sample = affine_sample()
    frame0, frame1, time, target, flow = augmentations.reverse_time(sample)
    np.testing.assert_array_equal(frame0, sample[1])
    np.testing.assert_array_equal(frame1, sample[0])
    np.testing.assert_array_equal(target, sample[3])
    np.testing.assert_array_equal(flow, np.concatenate([sample[4][2:], sample[4][:2]]))
    assert float(time.item()) == 0.625


@pytest.mark.parametrize("size", [(19, 27), (37, 61), (71, 101)])
def test_scaled_flow_is_in_pixels_of_the_new_size(size):
    scaled = augmentations.scale(affine_sample(), size)
    assert scaled[3].shape == (3, *size) and scaled[4].shape == (4, *size)
    assert_consistent(scaled, border=max(7 * size[1] // 53, 4), tolerance=0.02)


def test_crop_cuts_the_same_window_out_of_all():
    sample = affine_sample()
    cut = augmentations.crop(sample, 3, 8, (30, 41))
    assert_consistent(cut)
    np.testing.assert_array_equal(cut[4], sample[4][:, 3:33, 8:49])
    rng = np.random.default_rng(0)
    for _ in range(5):
        assert_consistent(augmentations.random_crop(sample, rng, (29, 36)))


def test_random_crop_reaches_both_ends_and_takes_the_full_size():
    sample, rng = affine_sample(), np.random.default_rng(0)
    corners = {float(augmentations.random_crop(sample, rng, (36, 53))[3][0, 0, 0]) for _ in range(30)}
    assert corners == {float(sample[3][0, 0, 0]), float(sample[3][0, 1, 0])}


@pytest.mark.parametrize("size", [SIZE, (41, 41)])
def test_random_augmentations_stay_consistent_and_keep_the_size(size):
    rng, seen = np.random.default_rng(0), set()
    sample = affine_sample(size)
    for _ in range(40):
        changed = augmentations.augment(sample, rng)
        assert changed[3].shape == (3, *size)
        assert_consistent(changed)
        seen.add(changed[3].tobytes())
    assert len(seen) > 8
