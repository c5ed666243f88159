"""Flow labels: whose flow lies in which file, what is kept and what is made anew, and who does which share."""

from pathlib import Path

import numpy as np
import pytest

from src.data.entries import Entry
from src.data.flow_estimate import estimate_flow
from src.data.flow_files import read_flow, write_flow
from src.data.flow_labels import is_whole_flow, label_entries, share_of_rank
from src.video.images import write_image

SIZE = (12, 16)


def write_triplet(folder: Path, name: str, values=(10, 20, 40), size=SIZE) -> Entry:
    """Write three plain images of the given grey values and return their entry, without its flow files."""
    images = folder / "sequences" / name
    images.mkdir(parents=True)
    for number, value in enumerate(values, start=1):
        write_image(images / f"im{number}.png", np.full((*size, 3), value, np.uint8))
    first, middle, last = (images / f"im{number}.png" for number in (1, 2, 3))
    flows = tuple(folder / "flow" / name / each for each in ("flow_t0.flo", "flow_t1.flo"))
    return Entry("train", name, (first, last), (middle,), flows=flows)


def difference(target, frame):
    """A stand-in for a teacher: the x component tells the frame's grey value, the y component the target's."""
    height, width = target.shape[:2]
    return np.stack([np.full((height, width), image[0, 0, 0], np.float32) for image in (frame, target)])


def test_each_file_holds_the_flow_from_the_target_to_its_own_frame(tmp_path):
    entry = write_triplet(tmp_path, "00001/0001")
    (done,) = label_entries([entry], difference)
    assert (done.written, done.problem) == (2, "")
    for file, grey in zip(entry.flows, (10, 40)):
        flow = read_flow(file)
        assert flow.shape == (2, *SIZE)
        assert (flow[0] == grey).all() and (flow[1] == 20).all()
    assert sorted(each.name for each in entry.flows[0].parent.iterdir()) == ["flow_t0.flo", "flow_t1.flo"]


def test_a_second_run_keeps_whole_files_and_makes_the_damaged_ones_anew(tmp_path):
    entries = [write_triplet(tmp_path, f"00001/{number:04d}") for number in range(1, 6)]
    assert sum(each.written for each in label_entries(entries, difference)) == 10
    cut_off, no_flow, other_size, missing = (entry.flows[0] for entry in entries[:4])
    cut_off.write_bytes(cut_off.read_bytes()[:-1])
    no_flow.write_bytes(b"x" * no_flow.stat().st_size)
    write_flow(other_size, np.zeros((2, 16, 12), np.float32))
    missing.unlink()
    kept = {file: file.stat().st_mtime_ns for entry in entries for file in entry.flows[1:]}
    asked = []

    def noted(target, frame):
        asked.append(int(frame[0, 0, 0]))
        return difference(target, frame)

    again = list(label_entries(entries, noted))
    assert [each.written for each in again] == [1, 1, 1, 1, 0]
    assert asked == [10] * 4
    assert all((read_flow(entry.flows[0])[0] == 10).all() for entry in entries)
    assert {file: file.stat().st_mtime_ns for file in kept} == kept


def test_an_estimate_that_breaks_off_leaves_nothing_under_the_final_name(tmp_path):
    entry = write_triplet(tmp_path, "00001/0001")

    def stopped(target, frame):
        if frame[0, 0, 0] == 40:
            raise KeyboardInterrupt
        return difference(target, frame)

    with pytest.raises(KeyboardInterrupt):
        list(label_entries([entry], stopped))
    assert is_whole_flow(entry.flows[0], SIZE) and not entry.flows[1].exists()


def test_a_clip_that_cannot_be_labelled_is_told_and_the_others_are_done(tmp_path):
    entries = [write_triplet(tmp_path, f"00001/{number:04d}") for number in range(1, 5)]
    entries[0].frames[1].write_bytes(b"no image")
    write_image(entries[1].frames[0], np.zeros((12, 14, 3), np.uint8))
    entries[2].targets[0].unlink()
    problems = [each.problem for each in label_entries(entries, difference)]
    assert str(entries[0].frames[1]) in problems[0]
    assert "16x12" in problems[1] and "14x12" in problems[1]
    assert str(entries[2].targets[0]) in problems[2]
    assert problems[3] == "" and is_whole_flow(entries[3].flows[0], SIZE)


def test_values_that_are_not_finite_are_no_label(tmp_path):
    entry = write_triplet(tmp_path, "00001/0001")
    (done,) = label_entries([entry], lambda target, frame: difference(target, frame) * np.float32(np.nan))
    assert done.problem and not entry.flows[0].exists()


@pytest.mark.parametrize("ranks", [1, 3, 7, 20])
def test_the_shares_of_all_ranks_hold_each_entry_once(ranks):
    shares = [share_of_rank(range(17), rank, ranks) for rank in range(ranks)]
    assert sorted(number for share in shares for number in share) == list(range(17))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_dense_inverse_search_finds_a_shift_of_three_pixels_in_both_directions(tmp_path):
    texture = np.random.RandomState(3).rand(96, 128).astype(np.float32)
    spectrum = np.fft.fft2(texture)
    low = np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(96))) < 0.2
    smooth = np.fft.ifft2(spectrum * low).real
    smooth = ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)
    entry = write_triplet(tmp_path, "00001/0001")
    for file, shift in zip((*entry.frames, *entry.targets), (3, -3, 0)):
        write_image(file, np.repeat(np.roll(smooth, shift, 1)[..., None], 3, 2))
    list(label_entries([entry], estimate_flow))
    for file, along_x in zip(entry.flows, (3, -3)):
        inner = read_flow(file)[:, 16:-16, 16:-16]
        assert np.abs(inner[0] - along_x).mean() < 0.2 and np.abs(inner[1]).mean() < 0.2
