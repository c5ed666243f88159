"""MindRecord shards: the same entries and the same samples, bit for bit, and nothing that only looks complete."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from mindspore.mindrecord import FileReader

from src.config import Recipe
from src.data import COLUMNS, create_dataset
from src.data.augment import IFRNET_CHANGES
from src.data.datasets import find_entries
from src.data.records import MANIFEST, PackedFolder, pack
from src.data.samples import EntrySamples
from src.data.sources import training_source
from src.errors import InputError, ResourceError, UsageError
from tests.data.layouts import make

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_mindrecord.py"


def pack_split(folder, output, splits=("train",), shards=2):
    entries = {split: find_entries("vimeo_triplet", str(folder), split) for split in splits}
    return pack("vimeo_triplet", entries, {}, folder, output, shards)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make("vimeo_triplet", tmp_path_factory.mktemp("data") / "vimeo_triplet")


@pytest.fixture(scope="module")
def packed(folder):
    pack_split(folder, folder.parent / "packed", ("train", "test"), shards=3)
    return folder.parent / "packed"


@pytest.fixture
def copied(packed, tmp_path):
    return Path(shutil.copytree(packed, tmp_path / "packed"))


def samples_of(data_path):
    entries = find_entries("vimeo_triplet", str(data_path), "train")
    source = EntrySamples(entries, COLUMNS, (32, 48), 40, 3, IFRNET_CHANGES)
    return [source[index] for index in range(len(source))]


def test_samples_are_the_same_bits_as_from_the_small_files(folder, packed):
    for ours, theirs in zip(samples_of(packed), samples_of(folder)):
        for one, other in zip(ours, theirs):
            assert one.dtype == other.dtype and one.tobytes() == other.tobytes()


def test_a_recipe_names_the_packed_folder_and_its_batches_are_the_same(folder, packed):
    batches = []
    for data_path in (folder, packed):
        recipe = Recipe("ifrnet_s", "vimeo_triplet", str(data_path), height=32, width=48, batch_size=2, max_steps=6)
        dataset = create_dataset(training_source(recipe), COLUMNS, 2, workers=2)
        batches.append(list(dataset.create_tuple_iterator(output_numpy=True, num_epochs=1)))
    assert len(batches[0]) == len(batches[1]) == 6
    for one, other in zip(*batches):
        assert all(np.array_equal(a, b) for a, b in zip(one, other))


@pytest.mark.parametrize(
    "name, options", [("gopro", {"multi": 8, "inputs": 2}), ("vimeo_bd", {}), ("vimeo_septuplet", {})]
)
def test_entries_of_every_kind_come_back_with_their_facts_and_bytes(tmp_path, name, options):
    folder = make(name, tmp_path / name)
    entries = find_entries(name, str(folder), "train", **options)
    pack(name, {"train": entries}, options, folder, tmp_path / "packed", shards=1)
    again = find_entries(name, str(tmp_path / "packed"), "train", **options)
    assert len(again) == len(entries)
    for one, other in zip(again, entries):
        facts = [(each.group, each.name, each.times, each.scale, each.degradation) for each in (one, other)]
        assert facts[0] == facts[1]
        for file, path in zip((*one.frames, *one.targets), (*other.frames, *other.targets)):
            assert file.read_bytes() == path.read_bytes() and (file.name, file.suffix) == (path.name, path.suffix)


def test_mindspore_reads_the_same_rows_that_are_read_in_place(packed):
    folder, met = PackedFolder(packed), {}
    for shard in folder.manifest["shards"]:
        for row in FileReader(str(packed / shard["name"]), num_consumer=1).get_next():
            met[int(row["number"])] = (row["name"], bytes(row["data"]))
    assert met == {number: (name, folder.read(number)) for number, name in enumerate(folder.names)}


def test_threads_read_at_once_what_one_reads(packed):
    folder = PackedFolder(packed)
    numbers = list(range(len(folder.names))) * 8
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(folder.read, numbers)) == [folder.read(number) for number in numbers]


def test_files_shared_by_entries_are_kept_once(tmp_path):
    folder = make("gopro", tmp_path / "gopro")
    entries = find_entries("gopro", str(folder), "train", multi=8, inputs=2)
    manifest = pack("gopro", {"train": entries}, {}, folder, tmp_path / "packed")
    assert len(manifest["files"]) == len({file for each in entries for file in (*each.frames, *each.targets)})


def test_a_split_without_flow_files_is_packed_without_and_half_a_set_is_refused(tmp_path):
    folder = make("vimeo_triplet", tmp_path / "vimeo_triplet")
    (folder / "flow/00002/0001/flow_t1.flo").unlink()
    with pytest.raises(InputError, match="flow_t1.flo: does not exist, while other flow files do"):
        pack_split(folder, tmp_path / "packed")
    shutil.rmtree(folder / "flow")
    pack_split(folder, tmp_path / "packed")
    assert all(each.flows == () for each in find_entries("vimeo_triplet", str(tmp_path / "packed"), "train"))


@pytest.mark.parametrize("failure", ["missing", "interrupted", "full"])
def test_nothing_is_left_of_a_packing_that_fails(folder, tmp_path, monkeypatch, failure):
    def shown(files):
        yield files[0]
        raise KeyboardInterrupt

    entries = {"train": find_entries("vimeo_triplet", str(folder), "train")}
    if failure == "missing":
        gone = tmp_path / "gone.png"
        entries["train"] = [type(each)(**{**vars(each), "targets": (gone,)}) for each in entries["train"]]
    if failure == "full":
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1))
    expected = {"missing": InputError, "interrupted": KeyboardInterrupt, "full": ResourceError}[failure]
    with pytest.raises(expected):
        pack("vimeo_triplet", entries, {}, folder, tmp_path / "packed", 2, shown if failure == "interrupted" else iter)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_output_is_not_replaced(folder, packed):
    with pytest.raises(UsageError, match="packed exists"):
        pack_split(folder, packed)


def spoil(folder, kind, other):
    shard = folder / "vimeo_triplet-001.mindrecord"
    if kind == "missing shard":
        shard.unlink()
    elif kind == "cut-off shard":
        os.truncate(shard, shard.stat().st_size - 1)
    elif kind == "missing index":
        shard.with_name(shard.name + ".db").unlink()
    elif kind == "damaged index":
        shard.with_name(shard.name + ".db").write_bytes(b"no index" * 999)
    elif kind == "shard of another list":
        shutil.copy(other / shard.name, shard)
        shutil.copy(other / (shard.name + ".db"), shard.with_name(shard.name + ".db"))
        manifest = json.loads((folder / MANIFEST).read_text())
        manifest["shards"][1]["bytes"] = shard.stat().st_size
        (folder / MANIFEST).write_text(json.dumps(manifest))
    elif kind == "another list":
        manifest = json.loads((folder / MANIFEST).read_text())
        manifest["splits"]["train"].reverse()
        (folder / MANIFEST).write_text(json.dumps(manifest))
    else:
        (folder / MANIFEST).write_text((folder / MANIFEST).read_text()[:-20])


@pytest.mark.parametrize(
    "kind, told",
    [
        ("missing shard", "001.mindrecord: a shard of .* bytes is expected; got 0"),
        ("cut-off shard", "001.mindrecord: a shard of .* bytes is expected; got"),
        ("missing index", "001.mindrecord: is no MindRecord file with an index"),
        ("damaged index", "001.mindrecord: is no MindRecord file with an index"),
        ("shard of another list", "001.mindrecord: belongs to another list"),
        ("another list", "manifest.json: is damaged"),
        ("cut-off manifest", "manifest.json: is no manifest"),
    ],
)
def test_a_set_that_is_not_whole_is_refused(folder, copied, tmp_path, kind, told):
    pack_split(folder, tmp_path / "other", ("test",))
    spoil(copied, kind, tmp_path / "other")
    with pytest.raises(InputError, match=told):
        find_entries("vimeo_triplet", str(copied), "train")


def test_a_damaged_row_is_told_by_its_name(copied):
    folder = PackedFolder(copied)
    with open(copied / "vimeo_triplet-000.mindrecord", "r+b") as file:
        file.seek(int(folder.starts[0]))
        file.write(b"\xff")
    with pytest.raises(InputError, match="im1.png needs .* bytes there"):
        folder.read(0)


def test_another_dataset_split_or_option_than_was_packed_is_refused(packed, tmp_path):
    with pytest.raises(InputError, match="asked for .*vimeo_septuplet"):
        find_entries("vimeo_septuplet", str(packed), "train")
    folder = make("gopro", tmp_path / "gopro")
    options = {"multi": 8, "inputs": 2}
    pack("gopro", {"test": find_entries("gopro", str(folder), "test", **options)}, options, folder, tmp_path / "packed")
    with pytest.raises(InputError, match="'multi': 4"):
        find_entries("gopro", str(tmp_path / "packed"), "test", multi=4, inputs=2)
    with pytest.raises(InputError, match="holds the splits test; got 'train'"):
        find_entries("gopro", str(tmp_path / "packed"), "train", **options)


def test_the_script_packs_train_and_test_and_says_what(folder, tmp_path):
    arguments = ["--dataset", "vimeo_triplet", "--data_path", str(folder), "--output_path", str(tmp_path / "packed")]
    done = subprocess.run([sys.executable, str(SCRIPT), *arguments, "--shards", "2"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "3 of train, 2 of test, 25 files in 2 shards" in done.stdout
    assert len(find_entries("vimeo_triplet", str(tmp_path / "packed"), "test")) == 2
    again = subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True)
    assert again.returncode == 2 and "exists" in again.stderr
