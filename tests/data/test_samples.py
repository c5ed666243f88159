"""Samples of datasets: every entry once an epoch, the right pixels in the right columns, and what bad files lead to."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from src.data import COLUMNS
from src.data.augment import FLAVR_CHANGES, IFRNET_CHANGES, TDAN_CHANGES, Changes
from src.data.datasets import DATASETS, find_entries
from src.data.degrade import quarter
from src.data.entries import Entry
from src.data.flow_files import write_flow
from src.data.samples import EntrySamples, degraded, read_window
from src.errors import InputError, UsageError
from src.video.images import read_image, write_image
from tests.data import layouts

NONE = Changes(0, 0, 0, 0, 0)
FRAMES = {count: tuple(f"frame{index}" for index in range(count)) for count in (2, 4, 5, 7)}
SIZE = (32, 32)


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """A function that indexes the tiny copy of a dataset, made once."""
    root, made = tmp_path_factory.mktemp("datasets"), {}

    def entries(name, split="train", **options):
        made.setdefault(name, root / name if name in made else layouts.make(name, root / name))
        return find_entries(name, str(made[name]), split, **options)

    return entries


@pytest.fixture
def flat(tmp_path):
    """Twelve triplets whose pixels are the number of their entry."""
    entries = []
    for number in range(12):
        files = [tmp_path / f"{number}_{place}.png" for place in range(3)]
        for file in files:
            write_image(file, np.full((40, 40, 3), number, np.uint8))
        entries.append(Entry("flat", str(number), (files[0], files[2]), (files[1],)))
    return entries


def number_of(sample):
    return round(float(sample[0][0, 0, 0]) * 255)


def test_an_epoch_visits_every_entry_once_in_an_order_of_its_own(flat):
    source = EntrySamples(flat, ("frame0", "frame1", "target"), SIZE, 30, seed=3)
    order = [number_of(source[index]) for index in range(30)]
    assert sorted(order[:12]) == sorted(order[12:24]) == list(range(12))
    assert order[:12] != order[12:24] and order[:12] != list(range(12))
    other = EntrySamples(flat, ("frame0", "frame1", "target"), SIZE, 30, seed=4)
    assert [number_of(other[index]) for index in range(12)] != order[:12]


@pytest.mark.parametrize("name, count", [("vimeo_triplet", 2), ("vimeo_septuplet", 4), ("vimeo_bd", 7)])
def test_samples_depend_on_seed_and_index_alone(name, count, copies):
    columns = (*FRAMES[count], "target")
    one, other = (
        EntrySamples(copies(name), columns, SIZE, 40, seed=5, changes=DATASETS[name].changes) for _ in range(2)
    )
    with ThreadPoolExecutor(4) as pool:
        samples = list(pool.map(other.__getitem__, reversed(range(40))))[::-1]
    for index in range(40):
        for mine, theirs in zip(one[index], samples[index]):
            np.testing.assert_array_equal(mine, theirs)
            assert mine.dtype == np.float32 and mine.flags.c_contiguous and 0 <= mine.min() <= mine.max() <= 1
    assert len({sample[0].tobytes() for sample in samples}) == 40
    with pytest.raises(IndexError, match="0 to 39; got 40"):
        one[40]


def test_a_triplet_keeps_its_flow_through_every_change(copies):
    """The copies' pictures move by a known step, which the flow of every sample has to tell."""
    changes = dataclasses.replace(IFRNET_CHANGES, transpose=0.5, enlarge=0.3)
    source = EntrySamples(copies("vimeo_triplet"), COLUMNS, SIZE, 60, seed=1, changes=changes)
    kinds = set()
    for index in range(60):
        frame0, frame1, time, target, flow = source[index]
        assert flow.shape == (4, *SIZE) and float(time.item()) == 0.5
        np.testing.assert_allclose(np.ptp(flow, axis=(1, 2)), 0, atol=1e-5)
        kinds.add(tuple(flow[:, 0, 0]))
        for frame, (x, y) in ((frame0, flow[:2, 0, 0]), (frame1, flow[2:, 0, 0])):
            x, y = round(float(x)), round(float(y))
            moved = np.roll(frame, (-y, -x), (1, 2))[:, 5:-5, 5:-5]
            assert np.abs(moved - target[:, 5:-5, 5:-5]).max() < 0.02
    assert {tuple(np.abs(kind)) for kind in kinds} == {(2, 1, 2, 1), (1, 2, 1, 2), (4, 2, 4, 2), (2, 4, 2, 4)}
    assert len(kinds) > 8


def test_without_a_flow_column_no_flow_is_looked_for(copies):
    entries = copies("vimeo_triplet", flow_path="/nowhere")
    assert len(EntrySamples(entries, COLUMNS[:4], SIZE, 3, seed=1)[0]) == 4
    with pytest.raises(InputError, match="/nowhere/00001/0001/flow_t0.flo: does not exist; .*weight is 0"):
        EntrySamples(entries, COLUMNS, SIZE, 3, seed=1)
    with pytest.raises(UsageError, match="has no flow to distill from; train with distillation_weight 0"):
        EntrySamples(copies("gopro"), COLUMNS, SIZE, 3, seed=1)
    EntrySamples(copies("gopro"), (*FRAMES[2], "target"), SIZE, 3, seed=1)


def test_one_missing_flow_is_named_with_its_index(tmp_path):
    folder = layouts.make("vimeo_triplet", tmp_path / "copy")
    entries = find_entries("vimeo_triplet", str(folder), "train")
    entries[1].flows[1].unlink()
    source = EntrySamples(entries, COLUMNS, SIZE, 3, seed=1)
    with pytest.raises(InputError, match=r"sample \d: .*00001/0002/flow_t1.flo: cannot be read"):
        for index in range(3):
            source[index]


def test_flow_of_another_size_is_refused(flat, tmp_path):
    write_flow(tmp_path / "small.flo", np.zeros((2, 40, 39)))
    entries = [dataclasses.replace(entry, flows=(tmp_path / "small.flo",) * 2) for entry in flat]
    with pytest.raises(InputError, match="small.flo: needs 40 x 40 pixels to fit .*; got 40 x 39"):
        EntrySamples(entries, COLUMNS, SIZE, 3, seed=1)[0]


def test_a_network_that_takes_a_time_gets_one_of_the_targets(copies):
    entries = copies("gopro", inputs=2)
    source = EntrySamples(entries, COLUMNS[:4], (64, 64), 64, seed=2, changes=NONE)
    times, images = [], {tuple(file for file in entry.targets): entry for entry in entries}
    for index in range(64):
        frame0, _, time, target = source[index]
        time = float(time.item())
        times.append(time)
        entry = next(each for each in images.values() if same(read_image(each.frames[0]), frame0))
        assert same(read_image(entry.targets[entry.times.index(time)]), target)
    assert set(times) == {step / 8 for step in range(1, 8)}


def same(pixels, array):
    return np.array_equal(pixels.transpose(2, 0, 1) / np.float32(255), array)


@pytest.mark.parametrize("multi", [8, 4, 2])
def test_a_network_without_a_time_gets_all_targets_in_order(multi, copies):
    entries = copies("gopro", inputs=4, multi=multi)
    source = EntrySamples(entries, (*FRAMES[4], "target"), (64, 64), len(entries), seed=2)
    for sample in (source[0], source[1]):
        targets = sample[4] if multi > 2 else sample[4][None]
        assert targets.shape == (multi - 1, 3, 64, 64)
        entry = next(each for each in entries if same(read_image(each.frames[0]), sample[0]))
        for file, image in zip((*entry.frames, *entry.targets), (*sample[:4], *targets)):
            assert same(read_image(file), image)


@pytest.mark.parametrize("kind", ["BI", "BD"])
def test_small_frames_made_while_reading_equal_those_made_before(kind, copies):
    """A crop shrinks only what it sees of a frame; nothing of that may show, at the edges either."""
    from_disk = copies(f"vimeo_{kind.lower()}")
    made = [dataclasses.replace(each, frames=(each.targets[0],) * 7, degradation=kind) for each in from_disk]
    read = [dataclasses.replace(each, frames=(each.frames[3],) * 7) for each in from_disk]
    columns = (*FRAMES[5], "target")
    sources = [EntrySamples(entries, columns, SIZE, 60, seed=9, changes=TDAN_CHANGES) for entries in (made, read)]
    for index in range(60):
        for mine, theirs in zip(sources[0][index], sources[1][index]):
            np.testing.assert_array_equal(mine, theirs)
        assert sources[0][index][0].shape == (3, 8, 8)
    window = degraded(read_window(made[0], 5), made[0])
    np.testing.assert_array_equal(window.frames[2].transpose(1, 2, 0), read_image(from_disk[0].frames[3]))


@pytest.mark.parametrize("name, count", [("vimeo_bi", 5), ("vimeo_bd", 7)])
def test_small_crops_lie_where_the_large_ones_do(name, count, copies):
    source = EntrySamples(copies(name), (*FRAMES[count], "target"), SIZE, 30, seed=1, changes=TDAN_CHANGES)
    corners = set()
    for index in range(30):
        *frames, target = source[index]
        made = quarter(np.round(target.transpose(1, 2, 0) * 255).astype(np.uint8), name[-2:].upper())
        inner = frames[count // 2].transpose(1, 2, 0)[3:-3, 3:-3] * 255
        assert np.abs(made[3:-3, 3:-3] - inner).max() <= 1.01
        corners.add(target.tobytes())
    assert len(corners) > 25


def test_sizes_made_of_no_whole_small_pixels_are_cut(tmp_path):
    write_image(tmp_path / "large.png", layouts.moving_frames(1, (0, 0), 1, (67, 70))[0])
    entry = Entry("a", "b", (tmp_path / "large.png",) * 7, (tmp_path / "large.png",), scale=4, degradation="BD")
    window = degraded(read_window(entry, 7), entry)
    assert window.frames[0].shape == (3, 16, 17) and window.targets[0].shape == (3, 64, 68)
    sample = EntrySamples([entry], (*FRAMES[7], "target"), (64, 64), 1, seed=0)[0]
    assert sample[0].shape == (3, 16, 16)


def test_flavr_s_colours_change_together(copies):
    source = EntrySamples(copies("vimeo_septuplet"), (*FRAMES[4], "target"), SIZE, 20, seed=1, changes=FLAVR_CHANGES)
    plain = EntrySamples(copies("vimeo_septuplet"), (*FRAMES[4], "target"), SIZE, 20, seed=1)
    differences = [np.abs(np.mean(a - b, axis=(0, 1, 2))) for a, b in zip(source[3], plain[3])]
    assert max(differences) < 0.25 and not np.array_equal(source[3][0], plain[3][0])


def break_files(entries):
    """Spoil five of twelve entries in five ways, and return their numbers."""
    entries[2].targets[0].unlink()
    entries[4].frames[0].write_bytes(entries[4].frames[0].read_bytes()[:60])
    entries[5].frames[1].write_bytes(b"")
    entries[7].frames[1].write_bytes(np.random.default_rng(0).bytes(500))
    write_image(entries[9].targets[0], np.zeros((40, 41, 3), np.uint8))
    return {2, 4, 5, 7, 9}


def test_a_bad_file_is_named_with_its_index(flat):
    bad = break_files(flat)
    source = EntrySamples(flat, COLUMNS[:4], SIZE, 12, seed=3)
    good = EntrySamples(flat, COLUMNS[:4], SIZE, 12, seed=3, on_bad_sample="skip")
    for index in range(12):
        number = int(good._order(0)[index])
        if number in bad:
            with pytest.raises(InputError, match=rf"sample {index}: .*{number}_\d.png: "):
                source[index]
        else:
            assert number_of(source[index]) == number
    assert source.report() == ""


def test_bad_samples_are_skipped_counted_and_the_first_is_named(flat):
    bad = break_files(flat)
    source = EntrySamples(flat, COLUMNS[:4], SIZE, 240, seed=3, on_bad_sample="skip")
    with ThreadPoolExecutor(8) as pool:
        numbers = [number_of(sample) for sample in pool.map(source.__getitem__, range(240))]
    assert set(numbers) == set(range(12)) - bad
    assert source.report().startswith("5 of 12 entries could not be read and were skipped; the first: ")
    assert "2_1.png: cannot be read" in source.report()
    again = EntrySamples(flat, COLUMNS[:4], SIZE, 240, seed=3, on_bad_sample="skip")
    assert [number_of(again[index]) for index in range(240)] == numbers


def test_what_is_skipped_does_not_depend_on_what_was_read_before(tmp_path):
    """One bad target of seven must not keep the others of its window from being drawn, after a resume for instance."""
    folder = layouts.make("gopro", tmp_path / "copy")
    (folder / "train/GOPR0372_07_00/000050.png").write_bytes(b"")
    entries = find_entries("gopro", str(folder), "train")
    whole, resumed = (EntrySamples(entries, COLUMNS[:4], SIZE, 200, seed=1, on_bad_sample="skip") for _ in range(2))
    samples = [whole[index] for index in range(200)]
    assert "000050.png" in whole.report()
    for index in range(100, 200):
        for mine, theirs in zip(resumed[index], samples[index]):
            np.testing.assert_array_equal(mine, theirs)


def test_nothing_but_bad_samples_ends_with_an_error(flat):
    for entry in flat:
        entry.frames[0].write_bytes(b"no image")
    with pytest.raises(InputError, match="sample 1: 12 of 12 entries could not be read .*0_0.png.*; none is left"):
        EntrySamples(flat, COLUMNS[:4], SIZE, 12, seed=3, on_bad_sample="skip")[1]


def test_images_smaller_than_the_sample_are_named(flat):
    with pytest.raises(InputError, match=r"\d+_0.png: needs at least 48 x 32 pixels; got 40 x 40"):
        EntrySamples(flat, COLUMNS[:4], (48, 32), 12, seed=3)[0]


def test_networks_that_do_not_fit_the_dataset_are_refused(flat, copies):
    for entries, columns, size, says in (
        (flat, (*FRAMES[4], "target"), SIZE, "networks of 2 frames.*; got 4"),
        (copies("vimeo_septuplet"), (*FRAMES[5], "target"), SIZE, "networks of 4 frames.*; got 5"),
        (copies("vimeo_bi"), (*FRAMES[5], "target"), (34, 32), "divide by 4"),
        (copies("middlebury_eval", "test"), (*FRAMES[2], "target"), SIZE, "no true frame"),
        ([], (*FRAMES[2], "target"), SIZE, "at least one entry"),
    ):
        with pytest.raises(UsageError, match=says):
            EntrySamples(entries, columns, size, 4, seed=0)
