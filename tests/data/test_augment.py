"""Every augmentation leaves frames and flow consistent: the frames fetched along the flow still show the target."""

import dataclasses

import cv2
import numpy as np
import pytest

from src.data import COLUMNS
from src.data import augment as augmentations
from src.data.window import Window, to_columns

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
    return Window(tuple(frames), (pattern(x, y),), (0.375,), flow)


def assert_consistent(window, border=7, tolerance=0.02):
    columns = to_columns(window, COLUMNS)
    frame0, frame1, _, target, flow = columns
    h, w = target.shape[1:]
    y, x = np.mgrid[:h, :w].astype(np.float32)
    for frame, (flow_x, flow_y) in ((frame0, flow[:2]), (frame1, flow[2:])):
        warped = cv2.remap(np.ascontiguousarray(frame.transpose(1, 2, 0)), x + flow_x, y + flow_y, cv2.INTER_LINEAR)
        error = np.abs(warped.transpose(2, 0, 1) - target)[:, border:-border, border:-border]
        assert error.max() < tolerance
    for array in columns:
        assert array.dtype == np.float32 and array.flags.c_contiguous


def arrays(window):
    return (*window.frames, *window.targets, window.flow)


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
        flow = sample.flow.copy()
        flow[channel] *= -1
        with pytest.raises(AssertionError):
            assert_consistent(dataclasses.replace(sample, flow=flow))


@pytest.mark.parametrize("name", CHANGES)
def test_change_keeps_frames_and_flow_together_and_its_argument_untouched(name):
    sample = affine_sample()
    changed = CHANGES[name](sample)
    assert_consistent(changed)
    for before, after in zip(arrays(affine_sample()), arrays(sample)):
        np.testing.assert_array_equal(before, after)
    assert changed.targets[0].shape == ((3, 53, 37) if name == "transpose" else (3, 37, 53))
    assert any(not np.array_equal(a, b) for a, b in zip(arrays(changed), arrays(sample)))


@pytest.mark.parametrize("name", ["flip_horizontal", "flip_vertical", "transpose", "reverse_time"])
def test_change_done_twice_is_no_change(name):
    sample = affine_sample()
    for again, before in zip(arrays(CHANGES[name](CHANGES[name](sample))), arrays(sample)):
        np.testing.assert_array_equal(again, before)


def test_reversed_time_swaps_the_frames_and_counts_from_the_other_end():
    sample = affine_sample()
    turned = augmentations.reverse_time(sample)
    np.testing.assert_array_equal(turned.frames[0], sample.frames[1])
    np.testing.assert_array_equal(turned.frames[1], sample.frames[0])
    np.testing.assert_array_equal(turned.targets[0], sample.targets[0])
    np.testing.assert_array_equal(turned.flow, np.concatenate([sample.flow[2:], sample.flow[:2]]))
    assert turned.times == (0.625,)


@pytest.mark.parametrize("size", [(19, 27), (37, 61), (71, 101)])
def test_scaled_flow_is_in_pixels_of_the_new_size(size):
    scaled = augmentations.scale(affine_sample(), size)
    assert scaled.targets[0].shape == (3, *size) and scaled.flow.shape == (4, *size)
    assert_consistent(scaled, border=max(7 * size[1] // 53, 4), tolerance=0.02)


def test_crop_cuts_the_same_window_out_of_all():
    sample = affine_sample()
    cut = augmentations.crop(sample, 3, 8, (30, 41))
    assert_consistent(cut)
    np.testing.assert_array_equal(cut.flow, sample.flow[:, 3:33, 8:49])
    for top, left in ((0, 0), (0, 17), (8, 5)):
        assert_consistent(augmentations.crop(sample, top, left, (29, 36)))


@pytest.mark.parametrize("size", [SIZE, (41, 41)])
def test_random_augmentations_stay_consistent_and_keep_the_size(size):
    rng, seen = np.random.default_rng(0), set()
    sample = affine_sample(size)
    for _ in range(40):
        changed = augmentations.augment(sample, rng)
        assert changed.targets[0].shape == (3, *size)
        assert_consistent(changed)
        seen.add(changed.targets[0].tobytes())
    assert len(seen) > 8


def sequence(scale=4):
    """Four uint8 frames whose pixels name their place, and three targets, larger, of the same places."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (3, 12, 12)).astype(np.uint8)
    large = small.repeat(scale, 1).repeat(scale, 2)
    frames = tuple(np.roll(small, step, 0) for step in range(4))
    return Window(frames, tuple(np.roll(large, step, 0) for step in range(3)), (0.25, 0.5, 0.75))


def test_larger_targets_are_changed_as_their_frames_are():
    rng, seen = np.random.default_rng(1), set()
    chances = augmentations.Changes(reverse_time=0.0)
    for _ in range(60):
        window = augmentations.augment(augmentations.crop(sequence(), *rng.integers(0, 7, 2), (6, 6)), rng, chances)
        for number in range(3):
            enlarged = window.frames[number].repeat(4, 1).repeat(4, 2)
            np.testing.assert_array_equal(window.targets[number], enlarged)
        seen.add(window.frames[0].tobytes())
    assert len(seen) > 40


def test_reversed_time_turns_all_frames_targets_and_times():
    window, turned = sequence(), augmentations.reverse_time(sequence())
    for images, again in ((window.frames, turned.frames), (window.targets, turned.targets)):
        for image, other in zip(images, again[::-1]):
            np.testing.assert_array_equal(image, other)
    assert turned.times == (0.25, 0.5, 0.75)
    frame, *_, target, time = to_columns(turned, ("frame3", "frame0", "target", "time"))
    np.testing.assert_array_equal(frame, window.frames[0] / np.float32(255))
    assert target.shape == (3, 3, 48, 48) and target.dtype == np.float32 and float(time.item()) == 0.25
    np.testing.assert_array_equal(target[2], window.targets[0] / np.float32(255))


def test_chances_are_those_of_the_set():
    rng, window = np.random.default_rng(2), affine_sample()
    none = augmentations.Changes(0, 0, 0, 0, 0)
    for images, again in zip(arrays(augmentations.augment(window, rng, none)), arrays(window)):
        np.testing.assert_array_equal(images, again)
    turned = dataclasses.replace(none, vertical=0.3)
    count = sum(
        np.array_equal(augmentations.augment(window, rng, turned).targets[0], window.targets[0][:, ::-1])
        for _ in range(1000)
    )
    assert 250 < count < 350
    swapped = augmentations.augment(window, rng, dataclasses.replace(none, reverse_channels=1.0))
    np.testing.assert_array_equal(swapped.frames[0], window.frames[0][::-1])


def test_jitter_changes_all_images_alike_and_a_little():
    frames = tuple(np.full((3, 4, 4), value, np.uint8) for value in (100, 120))
    window = Window(frames, (frames[0],))
    grey = augmentations.jitter(window, np.random.default_rng(3), 0.05)
    np.testing.assert_array_equal(grey.frames[0], grey.targets[0])
    assert np.ptp(grey.frames[0]) < 1e-6 and 0.9 * 100 / 255 < grey.frames[0][0, 0, 0] < 1.1 * 100 / 255
    unchanged = augmentations.jitter(affine_sample(), np.random.default_rng(3), 0.0)
    for image, before in zip(unchanged.frames, affine_sample().frames):
        np.testing.assert_allclose(image, before, atol=2e-6)
    coloured = Window((np.float32([0.8, 0.2, 0.2]).reshape(3, 1, 1),), ())
    hues = {
        tuple(np.round(augmentations.jitter(coloured, np.random.default_rng(seed), 0.05).frames[0].ravel(), 3))
        for seed in range(9)
    }
    assert len(hues) == 9 and all(red == max(red, green, blue) for red, green, blue in hues)
