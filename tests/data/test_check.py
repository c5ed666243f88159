"""check_dataset counts what is fine, and names the first file that is not, in the order of the dataset."""

import numpy as np
import pytest

from src.data.check import Count, check_dataset
from src.data.datasets import find_entries
from src.data.records import pack
from src.errors import InputError, UsageError
from src.video.images import write_image
from tests.data import layouts


def test_every_copy_is_fine_and_counted(tmp_path):
    counts = {name: check_dataset(name, str(layouts.make(name, tmp_path / name)), workers=2) for name in layouts.MAKERS}
    assert counts["vimeo_triplet"] == {"train": Count(3, 9, 6), "test": Count(2, 6, 4)}
    assert counts["vimeo_septuplet"]["train"] == Count(3, 15)
    assert counts["vimeo_bd"]["test"] == Count(2, 16)
    assert counts["gopro"]["train"] == Count(8, 66)
    assert list(counts["snu_film"]) == ["test", "easy", "medium", "hard", "extreme"]
    assert counts["middlebury_eval"] == {"test": Count(2, 6)}
    assert counts["spmcs_bi"] == {"test": Count(11, 22)}
    assert counts["clips"] == {"clips": Count(2, 18)}
    assert list(check_dataset("snu_film", str(tmp_path / "snu_film"), "hard")) == ["hard"]


SPOILS = {
    "missing": (lambda file: file.unlink(), "cannot be read: No such file"),
    "cut off": (lambda file: file.write_bytes(file.read_bytes()[:-30]), "damaged or truncated"),
    "of another size": (lambda file: write_image(file, np.zeros((64, 63, 3), np.uint8)), "needs 64 x 64 pixels to fit"),
}


@pytest.mark.parametrize("how", SPOILS)
def test_the_first_bad_file_is_named_with_both_layouts(how, tmp_path):
    spoil, says = SPOILS[how]
    folder = layouts.make("vimeo_triplet", tmp_path / "copy")
    for name in ("00002/0001/im3.png", "00001/0002/im2.png", "00001/0003/im2.png"):
        spoil(folder / "sequences" / name)
    layout = "Vimeo90K triplets expected in .*tri_trainlist.txt.*; found: Vimeo90K triplets"
    with pytest.raises(InputError, match=f"sequences/00001/0002/im2.png: .*{says}.*; {layout}"):
        check_dataset("vimeo_triplet", str(folder), workers=2)
    with pytest.raises(InputError, match="sequences/00001/0003/im2.png"):
        check_dataset("vimeo_triplet", str(folder), "test")


def test_flow_files_are_looked_at_where_there_are_any(tmp_path):
    folder = layouts.make("vimeo_triplet", tmp_path / "copy")
    (folder / "flow/00001/0001/flow_t0.flo").unlink()
    assert check_dataset("vimeo_triplet", str(folder), flow_path="/nowhere")["train"] == Count(3, 9)
    with pytest.raises(InputError, match="00001/0001/flow_t0.flo: cannot be read"):
        check_dataset("vimeo_triplet", str(folder))


def test_small_frames_have_to_be_a_quarter(tmp_path):
    folder = layouts.make("vid4_bi", tmp_path / "copy")
    write_image(folder / "BIx4/walk/00000002.png", np.zeros((32, 32, 3), np.uint8))
    with pytest.raises(InputError, match="BIx4/walk/00000002.png: needs 16 x 16 pixels"):
        check_dataset("vid4_bi", str(folder))


@pytest.mark.parametrize(
    "name, splits, options",
    [
        ("vimeo_triplet", ("train", "test"), {}),
        ("gopro", ("test",), {"inputs": 4, "multi": 4}),
        ("vid4_bi", ("test",), {"borders": "circled"}),
    ],
)
def test_what_is_packed_is_counted_as_what_it_was_packed_from(name, splits, options, tmp_path):
    folder = layouts.make(name, tmp_path / "copy")
    entries = {each: find_entries(name, str(folder), each, **options) for each in splits}
    pack(name, entries, options, folder, tmp_path / "packed", 2)
    counts = check_dataset(name, str(tmp_path / "packed"))
    assert list(counts) == list(splits)
    for each in splits:
        files = {file for entry in entries[each] for file in (*entry.frames, *entry.targets)}
        flows = {file for entry in entries[each] for file in entry.flows}
        assert counts[each] == Count(len(entries[each]), len(files), len(flows))
    with pytest.raises(InputError, match="asked for .*'ucf101'"):
        check_dataset("ucf101", str(tmp_path / "packed"))


def test_a_bad_file_that_was_packed_is_named(tmp_path):
    folder = layouts.make("vimeo_triplet", tmp_path / "copy")
    image = folder / "sequences/00001/0002/im2.png"
    image.write_bytes(image.read_bytes()[:-30])
    pack("vimeo_triplet", {"train": find_entries("vimeo_triplet", str(folder), "train")}, {}, folder, tmp_path / "p", 2)
    with pytest.raises(InputError, match="p/sequences/00001/0002/im2.png: .*damaged or truncated[^;]*$"):
        check_dataset("vimeo_triplet", str(tmp_path / "p"))


def test_a_folder_of_something_else_is_told_as_such(tmp_path):
    folder = layouts.make("vimeo_septuplet", tmp_path / "copy")
    with pytest.raises(InputError, match="Vimeo90K triplets expected .*; found: Vimeo90K septuplets"):
        check_dataset("vimeo_triplet", str(folder))
    with pytest.raises(UsageError, match="got 'vimeo'"):
        check_dataset("vimeo", str(folder))


def test_random_contents_never_end_in_anything_but_an_input_error(tmp_path):
    rng = np.random.default_rng(0)
    folder = layouts.make("vimeo_triplet", tmp_path / "copy")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    for number in rng.permutation(len(files)):
        before = files[number].read_bytes()
        files[number].write_bytes(rng.bytes(int(rng.integers(1, 400))))
        with pytest.raises(InputError):
            check_dataset("vimeo_triplet", str(folder), workers=1)
        files[number].write_bytes(before)
    check_dataset("vimeo_triplet", str(folder), workers=1)
