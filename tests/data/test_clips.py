"""Triplets from real video: reading, cuts left out, pseudo labels that point the right way, determinism, errors."""

import re

import numpy as np
import pytest

from src.data.clips import ClipTriplets, find_triplets, read_clip
from src.data.flow_estimate import estimate_flow
from src.errors import InputError, UsageError
from tests.data.moving_clip import moving_frames, write_folder, write_video

SIZE = (40, 48)
STEP = (3, -2)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "moving.mp4", moving_frames(9, STEP, seed=1))


def test_video_and_folder_are_read_in_order_and_in_rgb(video, tmp_path):
    frames = moving_frames(9, STEP, seed=1)
    folder = write_folder(tmp_path / "frames", frames)
    np.testing.assert_array_equal(read_clip(folder), frames)
    decoded = read_clip(video)
    assert len(decoded) == 9
    for mine, theirs in zip(decoded, frames):
        assert np.abs(mine.astype(float) - theirs).mean() < 6


def test_frames_are_shrunk_to_the_shorter_side_and_never_enlarged(video):
    assert read_clip(video, 36)[0].shape == (36, 48, 3)
    assert read_clip(video, 500)[0].shape == (72, 96, 3)


def test_triplets_keep_clear_of_cuts_and_come_at_both_distances():
    frames = moving_frames(4, STEP, seed=1) + moving_frames(6, STEP, seed=2)
    found = {(first, distance) for first, distance, _ in find_triplets(frames)}
    assert found == {(0, 1), (1, 1), (4, 1), (5, 1), (6, 1), (7, 1), (4, 2), (5, 2)}


def test_still_triplets_are_drawn_rarely():
    still, moving = moving_frames(3, (0, 0), seed=1), moving_frames(3, (4, 4), seed=1)
    assert find_triplets(still)[0][2] == pytest.approx(0.1)
    assert find_triplets(moving)[0][2] == pytest.approx(1)


def test_estimated_flow_points_from_the_target_to_the_frame():
    frame0, target, frame1 = moving_frames(3, STEP, seed=1)
    for frame, sign in ((frame0, -1), (frame1, 1)):
        middle = estimate_flow(target, frame)[:, 10:-10, 10:-10]
        np.testing.assert_allclose(np.median(middle, axis=(1, 2)), sign * np.array(STEP), atol=0.15)


def test_samples_keep_the_contract_and_depend_on_seed_and_index_alone(video):
    one, other = (ClipTriplets([video], SIZE, 20, seed=4) for _ in range(2))
    assert len(one) == 20
    for index in reversed(range(20)):
        sample = one[index]
        assert [a.shape for a in sample] == [(3, *SIZE), (3, *SIZE), (1, 1, 1), (3, *SIZE), (4, *SIZE)]
        assert all(a.dtype == np.float32 and a.flags.c_contiguous for a in sample)
        assert float(sample[2].item()) == 0.5
        assert min(a.min() for a in sample[:4]) >= 0 and max(a.max() for a in sample[:4]) <= 1
        for mine, theirs in zip(sample, other[index]):
            np.testing.assert_array_equal(mine, theirs)
    assert not np.array_equal(one[0][3], ClipTriplets([video], SIZE, 20, seed=5)[0][3])
    with pytest.raises(IndexError):
        one[20]


def test_augmented_labels_match_the_motion_of_the_clip(tmp_path):
    source = ClipTriplets([write_folder(tmp_path / "frames", moving_frames(9, STEP, seed=1))], SIZE, 30, seed=4)
    speeds = []
    for index in range(30):
        flow = np.median(source[index][4], axis=(1, 2))
        np.testing.assert_allclose(flow[:2], -flow[2:], atol=0.4)
        speeds.append(np.abs(flow[:2]))
    # A reduction of 1 to 1.8 divides the step, a distance of 2 doubles it.
    ratios = np.array(speeds) / np.abs(STEP)
    np.testing.assert_allclose(ratios[:, 0], ratios[:, 1], atol=0.15)
    assert ratios.min() > 0.5 and 1.9 < ratios.max() < 2.1


def test_windows_as_large_as_the_frames_are_taken_whole(tmp_path):
    frames = moving_frames(3, STEP, seed=1)
    source = ClipTriplets([write_folder(tmp_path / "frames", frames)], (72, 96), 3, seed=4)
    expected = [frames[1][::y, ::x] for y in (1, -1) for x in (1, -1)]
    target = (source[0][3].transpose(1, 2, 0) * 255).round().astype(np.uint8)
    assert any(np.array_equal(np.sort(target, axis=2), np.sort(each, axis=2)) for each in expected)


def test_unreadable_paths_are_refused_by_name(video, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"this is no video" * 50)
    (tmp_path / "empty").mkdir()
    short = write_folder(tmp_path / "short", moving_frames(2, STEP, seed=1))
    for path in (str(tmp_path / "broken.mp4"), str(tmp_path / "missing.mp4"), str(tmp_path / "empty"), short):
        with pytest.raises(InputError, match=re.escape(path)):
            ClipTriplets([video, path], SIZE, 5, seed=0)
    with pytest.raises(InputError, match="at least 80 x 80; got 72 x 96"):
        ClipTriplets([video], (80, 80), 5, seed=0)
    with pytest.raises(UsageError):
        ClipTriplets([], SIZE, 5, seed=0)


def test_damaged_images_and_mixed_sizes_are_refused_by_name(tmp_path):
    mixed = write_folder(tmp_path / "mixed", moving_frames(3, STEP, seed=1))
    write_folder(tmp_path / "other", moving_frames(1, STEP, seed=1, size=(20, 30)))
    (tmp_path / "other" / "0000.png").rename(tmp_path / "mixed" / "0003.png")
    with pytest.raises(InputError, match="mixed: images need one size; 0000.png is 96x72, 0003.png is 30x20"):
        read_clip(mixed)
    (tmp_path / "mixed" / "0001.png").write_bytes(b"no image")
    with pytest.raises(InputError, match="0001.png"):
        read_clip(mixed)
