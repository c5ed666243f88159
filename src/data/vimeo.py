"""Vimeo90K (Xue et al., "Video enhancement with task-oriented flow", IJCV 2019): triplets, septuplets, and these x4."""

from __future__ import annotations

from pathlib import Path

from src.data.entries import Entry, first_existing, read_list
from src.errors import InputError

TRIPLET_LAYOUT = (
    "tri_trainlist.txt, tri_testlist.txt with a line 00001/0001 a triplet, sequences/00001/0001/im1.png to im3.png; "
    "for distillation flow/00001/0001/flow_t0.flo and flow_t1.flo"
)
SEPTUPLET_LAYOUT = (
    "sep_trainlist.txt, sep_testlist.txt with a line 00001/0001 a septuplet, sequences/00001/0001/im1.png to im7.png "
    "(or GT/ instead of sequences/)"
)
X4_LAYOUT = (
    SEPTUPLET_LAYOUT + "; frames made ahead of time in {kind}x4/00001/0001/, else they are made from the large ones; "
    "meta_info_Vimeo90K_train_GT.txt and _test_GT.txt are read where there are no sep lists"
)
FLAVR_FRAMES = (1, 3, 5, 7)
MIDDLE = 4


def triplet_entries(folder: Path, split: str, flow_path: str = "") -> list[Entry]:
    """Index the triplets of a split: frames 1 and 3, target 2, flow files as Kong et al. (IFRNet, CVPR 2022) lay them.

    The flow files lie under flow_path, or folder/flow; whether they exist is not looked at. Raises InputError naming
    the list that is missing.
    """
    flows = Path(flow_path) if flow_path else folder / "flow"
    entries = []
    names = _names(folder, (f"tri_{split}list.txt",))
    fourth = folder / "sequences" / names[0] / f"im{MIDDLE}.png"
    if fourth.exists():
        raise InputError(f"{fourth}: exists, so these are septuplets, where triplets are needed")
    for name in names:
        first, middle, last = (folder / "sequences" / name / f"im{number}.png" for number in (1, 2, 3))
        towards = (flows / name / "flow_t0.flo", flows / name / "flow_t1.flo")
        entries.append(Entry(split, name, (first, last), (middle,), flows=towards))
    return entries


def septuplet_entries(folder: Path, split: str) -> list[Entry]:
    """Index the septuplets as FLAVR uses them (Kalluri et al., WACV 2023): frames 1, 3, 5, 7 and target 4."""
    images, names = _septuplets(folder, split)
    clips = ((name, images / name) for name in names)
    return [Entry(split, name, _images(clip, FLAVR_FRAMES), _images(clip, (MIDDLE,))) for name, clip in clips]


def septuplet_x4_entries(kind: str, folder: Path, split: str) -> list[Entry]:
    """Index the septuplets for x4 super-resolution: seven small frames, and the large fourth one as target.

    The small ones are those of folder/BIx4 or folder/BDx4, by `kind` (BI, BD), and made from the large ones where that
    folder does not exist.
    """
    images, names = _septuplets(folder, split)
    small = folder / f"{kind}x4"
    is_made = small.is_dir()
    return [
        Entry(
            split,
            name,
            _images((small if is_made else images) / name, range(1, 8)),
            _images(images / name, (MIDDLE,)),
            scale=4,
            degradation="" if is_made else kind,
        )
        for name in names
    ]


def _septuplets(folder, split):
    lists = (f"sep_{split}list.txt", f"txt/sep_{split}list.txt", f"meta_info_Vimeo90K_{split}_GT.txt")
    return first_existing(folder, ("sequences", "GT")), _names(folder, lists)


def _names(folder, lists):
    # lines of meta_info files go on with the number of frames and their size
    return [line.split()[0] for line in read_list(first_existing(folder, lists))]


def _images(folder, numbers):
    return tuple(folder / f"im{number}.png" for number in numbers)
