"""Every published layout is found, indexed as the networks' authors do, and told from the others."""

import shutil
from pathlib import Path

import pytest

from src.config import ON_DISK
from src.data.benchmarks import circled_window
from src.data.datasets import DATASETS, find_entries, layout_found
from src.data.entries import central
from src.errors import InputError, UsageError
from tests.data import layouts

INDEXED = [name for name, row in DATASETS.items() if row.entries]


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """A function that lays out a dataset once."""
    root, made = tmp_path_factory.mktemp("datasets"), {}
    return lambda name: made.setdefault(name, root / name if name in made else layouts.make(name, root / name))


def told(entry, folder):
    """The files of an entry as texts, from the dataset's folder on."""
    return [[file.relative_to(folder).as_posix() for file in files] for files in (entry.frames, entry.targets)]


def test_recipes_know_the_rows_of_the_table():
    assert set(ON_DISK) == set(DATASETS) == set(layouts.MAKERS)


@pytest.mark.parametrize("name", INDEXED)
def test_every_file_of_every_split_exists_and_belongs_to_one_sample(name, copies):
    row, folder = DATASETS[name], copies(name)
    for split in row.splits:
        entries = find_entries(name, str(folder), split)
        assert len(entries) >= 2
        assert len({(entry.group, entry.name) for entry in entries}) == len(entries)
        for entry in entries:
            assert all(file.is_file() for file in (*entry.frames, *entry.targets, *entry.flows))
            assert len(entry.times) == len(entry.targets)
            assert entry.scale == (4 if row.purpose == "super_resolution" else 1)
    assert row.title in layout_found(folder)


@pytest.mark.parametrize("name", [name for name in INDEXED if DATASETS[name].splits == ("train", "test")])
def test_training_and_test_have_no_target_in_common(name, copies):
    train, test = (
        {file for entry in find_entries(name, str(copies(name)), split) for file in entry.targets}
        for split in ("train", "test")
    )
    assert not train & test


def test_triplets_are_those_of_the_list_with_the_teacher_s_flow(copies):
    folder = copies("vimeo_triplet")
    entries = find_entries("vimeo_triplet", str(folder), "train")
    assert [entry.name for entry in entries] == ["00001/0001", "00001/0002", "00002/0001"]
    clip = "sequences/00001/0002/"
    assert told(entries[1], folder) == [[clip + "im1.png", clip + "im3.png"], [clip + "im2.png"]]
    flows = tuple(folder / "flow/00001/0002" / name for name in ("flow_t0.flo", "flow_t1.flo"))
    assert entries[1].flows == flows and entries[1].times == (0.5,)
    elsewhere = find_entries("vimeo_triplet", str(folder), "train", flow_path="/elsewhere", multi=8)
    assert elsewhere[1].flows[0] == Path("/elsewhere/00001/0002/flow_t0.flo")


def test_septuplets_give_flavr_its_four_frames(copies):
    folder = copies("vimeo_septuplet")
    entry = find_entries("vimeo_septuplet", str(folder), "test")[0]
    frames, target = told(entry, folder)
    assert [each[-7:] for each in (*frames, *target)] == ["im1.png", "im3.png", "im5.png", "im7.png", "im4.png"]
    assert central(entry.frames, 2) == entry.frames[1:3]


@pytest.mark.parametrize("name, kind", [("vimeo_bi", "BI"), ("vimeo_bd", "BD")])
def test_small_septuplets_are_read_from_disk_or_made(name, kind, copies):
    folder = copies(name)
    entry = find_entries(name, str(folder), "train")[2]
    frames, target = told(entry, folder)
    assert frames == [f"{kind}x4/00002/0001/im{number}.png" for number in range(1, 8)]
    assert target == ["GT/00002/0001/im4.png"] and not entry.degradation
    septuplets = copies("vimeo_septuplet")
    entry = find_entries(name, str(septuplets), "train")[2]
    frames, target = told(entry, septuplets)
    assert frames == [f"sequences/00002/0001/im{number}.png" for number in range(1, 8)]
    assert target == ["sequences/00002/0001/im4.png"] and entry.degradation == kind


@pytest.mark.parametrize(
    "inputs, multi, starts, frames, targets",
    [
        (2, 8, 4, [0, 8], [1, 2, 3, 4, 5, 6, 7]),  # IFRNet
        (4, 8, 2, [0, 8, 16, 24], [9, 10, 11, 12, 13, 14, 15]),  # FLAVR, whose targets lie in the middle
        (4, 4, 6, [0, 4, 8, 12], [5, 6, 7]),
        (4, 2, 14, [0, 2, 4, 6], [3]),
    ],
)
@pytest.mark.parametrize("name", ["gopro", "adobe240"])
def test_windows_are_those_of_the_publications(name, inputs, multi, starts, frames, targets, copies):
    entries = find_entries(name, str(copies(name)), "train", inputs=inputs, multi=multi)
    assert len(entries) == 2 * starts  # of the 33 frames of each of two clips
    for number, entry in enumerate(entries[:starts]):
        first = 47 + number * multi
        assert [int(file.stem) - first for file in entry.frames] == frames
        assert [int(file.stem) - first for file in entry.targets] == targets
        assert entry.times == tuple(step / multi for step in range(1, multi))


def test_clips_of_gopro_side_by_side_are_told_apart_by_name(copies, tmp_path):
    folder = copies("gopro")
    for split in ("train", "test"):
        shutil.copytree(folder / split, tmp_path, dirs_exist_ok=True)
        expected = [entry.name for entry in find_entries("gopro", str(folder), split)]
    assert {entry.group for entry in find_entries("gopro", str(tmp_path), "train")} == set(layouts.GOPRO_CLIPS["train"])
    assert [entry.name for entry in find_entries("gopro", str(tmp_path), "test")] == expected


def test_snu_film_has_four_difficulties_found_with_and_without_the_authors_folder(copies, tmp_path):
    folder = copies("snu_film")
    entries = find_entries("snu_film", str(folder), "extreme")
    clip = "test/YouTube_test/0000/"
    images = [clip + "000016.png", clip + "000032.png"], [clip + "000024.png"]
    assert told(entries[3], folder) == list(images) and entries[3].group == "extreme"
    groups = [entry.group for entry in find_entries("snu_film", str(folder), "test")]
    assert groups == [mode for mode in ("easy", "medium", "hard", "extreme") for _ in range(4)]
    outer = tmp_path / "outer"
    shutil.copytree(folder, outer / "data" / "SNU-FILM")
    (outer / "eval_modes").mkdir()
    (outer / "data" / "SNU-FILM" / "test-hard.txt").rename(outer / "eval_modes" / "test-hard.txt")
    found = find_entries("snu_film", str(outer), "hard")
    assert all(file.is_file() for entry in found for file in (*entry.frames, *entry.targets))


def test_ucf101_is_sorted_by_number_and_found_inside_and_outside(copies):
    folder = copies("ucf101")
    outside = find_entries("ucf101", str(folder), "test")
    assert [entry.name for entry in outside] == ["1", "2", "11"]
    assert find_entries("ucf101", str(folder / "ucf101_interp_ours"), "test") == outside


def test_middlebury_doubles_frames_that_do_not_exist(copies):
    folder = copies("middlebury_eval")
    army, teddy = find_entries("middlebury_eval", str(folder), "test")
    assert [file.stem for file in army.frames] == ["frame09", "frame10", "frame11", "frame12"]
    assert [file.stem for file in teddy.frames] == ["frame10", "frame10", "frame11", "frame11"]
    assert not army.targets
    entry = find_entries("middlebury_other", str(copies("middlebury_other")), "test")[0]
    assert central(entry.frames, 2) == entry.frames[1:3] and entry.targets[0].name == "frame10i11.png"


@pytest.mark.parametrize("name", ["vid4_bi", "vid4_bd", "spmcs_bi", "spmcs_bd"])
def test_clips_are_mirrored_at_their_ends(name, copies):
    entries = find_entries(name, str(copies(name)), "test")
    places = [[int(file.stem) for file in entry.frames] for entry in entries[:5]]
    assert places[0] == [3, 2, 1, 0, 1, 2, 3]
    assert places[2] == [1, 0, 1, 2, 3, 4, 3]
    assert places[4] == [1, 2, 3, 4, 3, 2, 1]
    assert [int(entry.targets[0].stem) for entry in entries] == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5]
    assert entries[0].frames[0].parts[-3] == f"{name[-2:].upper()}x4"


def test_clips_go_on_circled_where_the_protocol_says_so(copies):
    """The places are those of MMagic's reflection_circle padding for seven frames."""
    assert circled_window(0, 9, 7) == [6, 5, 4, 0, 1, 2, 3]
    assert circled_window(2, 9, 7) == [6, 0, 1, 2, 3, 4, 5]
    assert circled_window(7, 9, 7) == [4, 5, 6, 7, 8, 3, 2]
    assert circled_window(0, 5, 7) == [3, 2, 1, 0, 1, 2, 3]
    entries = find_entries("reds", str(copies("reds")), "test", borders="circled")
    last = [entry for entry in entries if entry.group == "020"][-1]
    assert [int(file.stem) for file in last.frames] == [3, 4, 5, 6, 2, 1, 0]


def test_davis_gives_every_second_window_of_seven(copies):
    folder = copies("davis")
    entries = find_entries("davis", str(folder), "test")
    places = [[int(file.stem) for file in (*entry.frames, *entry.targets)] for entry in entries]
    assert places == [[0, 2, 4, 6, 3], [0, 2, 4, 6, 3], [2, 4, 6, 8, 5]]
    assert find_entries("davis", str(folder / "JPEGImages/480p"), "test") == entries


def test_reds_gives_its_four_clips_or_the_validation_set(copies, tmp_path):
    folder = copies("reds")
    entries = find_entries("reds", str(folder), "test")
    assert list(dict.fromkeys(entry.group for entry in entries)) == ["000", "011", "015", "020"]
    assert entries[0].frames[3].relative_to(folder).as_posix() == "train_sharp_bicubic/X4/000/00000000.png"
    assert {entry.group for entry in find_entries("reds", str(folder), "val")} == {"000", "001"}
    shutil.copytree(folder / "train_sharp", tmp_path / "train" / "train_sharp")
    made = find_entries("reds", str(tmp_path), "test")
    assert len(made) == len(entries) and made[0].degradation == "BI"


@pytest.mark.parametrize(
    "wanted, given, says",
    [
        ("vimeo_triplet", "vimeo_septuplet", "Vimeo90K triplets expected in .*; found: Vimeo90K septuplets"),
        ("vimeo_septuplet", "vimeo_triplet", "Vimeo90K septuplets expected in .*; found: Vimeo90K triplets"),
        ("gopro", "ucf101", r"GoPro \(GOPRO_Large_all\) expected in .*; found: UCF101"),
        ("vid4_bi", "middlebury_other", "Vid4, BI x4 expected in .*; found: Middlebury other"),
        ("snu_film", "adobe240", "test-easy.txt: does not exist; SNU-FILM expected in .*; found: Adobe240"),
        ("ucf101", "vid4_bd", "frame_00.png: does not exist; UCF101 expected in .*; found: .*Vid4, BD x4"),
        ("reds", "vid4_bi", "train_sharp: does not exist; REDS, bicubic x4 expected in .*; found: Vid4, BI x4"),
        ("davis", "middlebury_eval", "needs images; found .*; DAVIS expected in .*; found: Middlebury evaluation"),
        ("middlebury_eval", "clips", "eval-data: cannot be read.*; found: no layout of a known dataset .frames/"),
    ],
)
def test_another_layout_is_told_as_such(wanted, given, says, copies):
    with pytest.raises(InputError, match=says):
        find_entries(wanted, str(copies(given)), DATASETS[wanted].splits[0])


def test_septuplets_under_the_list_of_triplets_are_noticed(copies, tmp_path):
    shutil.copytree(copies("vimeo_septuplet"), tmp_path, dirs_exist_ok=True)
    (tmp_path / "tri_trainlist.txt").write_text("00001/0001\n")
    with pytest.raises(InputError, match="im4.png: exists, so these are septuplets, where triplets are needed"):
        find_entries("vimeo_triplet", str(tmp_path), "train")


@pytest.mark.parametrize(
    "text, says",
    [(b"\n \n", "needs one entry a line; got none"), (b"\x89PNG\xff", "is not a text file"), (None, "Is a dir")],
)
def test_a_list_that_is_none_is_told_as_such(text, says, copies, tmp_path):
    shutil.copytree(copies("vimeo_triplet"), tmp_path, dirs_exist_ok=True)
    file = tmp_path / "tri_trainlist.txt"
    file.unlink()
    if text is None:
        file.mkdir()
    else:
        file.write_bytes(text)
    with pytest.raises(InputError, match=f"tri_trainlist.txt: .*{says}"):
        find_entries("vimeo_triplet", str(tmp_path), "train")


def test_lines_and_clips_that_do_not_fit_are_named(copies, tmp_path):
    film = layouts.make("snu_film", tmp_path / "film")
    with (film / "test-easy.txt").open("a") as file:
        file.write("one two\n")
    with pytest.raises(InputError, match="needs three images a line; line 5 has 2"):
        find_entries("snu_film", str(film), "easy")
    vid4 = layouts.make("vid4_bi", tmp_path / "vid4")
    (vid4 / "BIx4/walk/00000003.png").unlink()
    with pytest.raises(InputError, match="BIx4/walk: needs the file names of .*GT/walk; they differ in 00000003.png"):
        find_entries("vid4_bi", str(vid4), "test")
    blurred = tmp_path / "gopro"
    (blurred / "train/GOPR0372_07_00/sharp").mkdir(parents=True)
    with pytest.raises(InputError, match="GOPR0372_07_00: needs images; found sharp"):
        find_entries("gopro", str(blurred), "train")
    with pytest.raises(InputError, match="needs a clip of at least 49 frames"):
        find_entries("gopro", str(copies("gopro")), "train", inputs=4, multi=16)


def test_usage_that_cannot_be_meant_is_refused(copies):
    for arguments, says in (
        (("vimeo", "/", "train"), "dataset is one of vimeo_triplet, .*got 'vimeo'"),
        (("clips", "/", "train"), "got 'clips'"),
        (("ucf101", "/", "train"), "split of ucf101 is one of test; got 'train'"),
        (("gopro", "", "train"), "data_path is the folder of gopro"),
    ):
        with pytest.raises(UsageError, match=says):
            find_entries(*arguments)
    with pytest.raises(UsageError, match="even number of inputs; got 3"):
        find_entries("gopro", str(copies("gopro")), "train", inputs=3)
    with pytest.raises(UsageError, match="networks of 4 frames, or an even number fewer.*; got 3"):
        central((1, 2, 3, 4), 3)
