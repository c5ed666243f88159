"""Tiny copies of every dataset, laid out as the published ones: `make(name, folder)`.

64 x 64 frames of a picture that moves, or 16 x 16 ones beside them for x4; two or more entries a split.
"""

import numpy as np

from src.data.degrade import quarter
from src.data.flow_files import write_flow
from src.video.images import write_image
from tests.data.moving_clip import moving_frames, write_video

SIZE = (64, 64)
STEP = (2, -1)  # pixels a frame, x and y
GOPRO_CLIPS = {"train": ("GOPR0372_07_00", "GOPR0374_11_01"), "test": ("GOPR0384_11_00", "GOPR0385_11_01")}
ADOBE240_CLIPS = {"train": ("720p_240fps_1", "IMG_0001"), "test": ("720p_240fps_2", "IMG_0003")}
CLIP_LENGTH = 33  # frames: two windows of FLAVR's 25


def make(name, folder):
    """Lay out the dataset of that name in a folder, which is made, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    MAKERS[name](folder)
    return folder


def names_of(split):
    """The lines of a list of Vimeo90K."""
    return {"train": ("00001/0001", "00001/0002", "00002/0001"), "test": ("00001/0003", "00002/0002")}[split]


def write_frames(folder, names, seed):
    """Store moving frames under the given names, and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = moving_frames(len(names), STEP, seed, SIZE)
    for name, frame in zip(names, frames):
        write_image(folder / f"{name}.png", frame)
    return frames


def vimeo(folder, prefix, count):
    images = [f"im{number}" for number in range(1, count + 1)]
    for split in ("train", "test"):
        (folder / f"{prefix}_{split}list.txt").write_text("\n".join(names_of(split)) + "\n\n")
        for number, name in enumerate(names_of(split)):
            write_frames(folder / "sequences" / name, images, seed=number)


def vimeo_triplet(folder):
    vimeo(folder, "tri", 3)
    for name in (*names_of("train"), *names_of("test")):
        (folder / "flow" / name).mkdir(parents=True)
        for file, sign in (("flow_t0.flo", -1), ("flow_t1.flo", 1)):
            write_flow(folder / "flow" / name / file, np.full((2, *SIZE), 1.0) * sign * np.reshape(STEP, (2, 1, 1)))


def vimeo_x4(kind):
    def lay_out(folder):
        images = [f"im{number}" for number in range(1, 8)]
        for split in ("train", "test"):
            lines = "".join(f"{name} 7 (64, 64, 3)\n" for name in names_of(split))
            (folder / f"meta_info_Vimeo90K_{split}_GT.txt").write_text(lines)
            for number, name in enumerate(names_of(split)):
                frames = write_frames(folder / "GT" / name, images, seed=number)
                write_quarters(folder / f"{kind}x4" / name, images, frames, kind)

    return lay_out


def write_quarters(folder, names, frames, kind):
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in zip(names, frames):
        write_image(folder / f"{name}.png", quarter(frame, kind))


def x4_clips(kind, clips):
    def lay_out(folder):
        for number, clip in enumerate(clips):
            names = [f"{index:08d}" for index in range(5 + number)]
            frames = write_frames(folder / "GT" / clip, names, seed=number)
            write_quarters(folder / f"{kind}x4" / clip, names, frames, kind)

    return lay_out


def high_rate(clips):
    def lay_out(folder):
        for split, names in clips.items():
            for number, clip in enumerate(names):
                write_frames(folder / split / clip, [f"{47 + i:06d}" for i in range(CLIP_LENGTH)], seed=number)

    return lay_out


def ucf101(folder):
    for number in ("1", "2", "11"):
        names = ["frame_00", "frame_01_gt", "frame_02"]
        write_frames(folder / "ucf101_interp_ours" / number, names, seed=int(number))


def snu_film(folder):
    clips = ("GOPRO_test/GOPR0384_11_05", "YouTube_test/0000")
    for number, clip in enumerate(clips):
        write_frames(folder / "test" / clip, [f"{index:06d}" for index in range(33)], seed=number)
    for mode, distance in (("easy", 1), ("medium", 2), ("hard", 4), ("extreme", 8)):
        triplets = [(clip, first, first + distance, first + 2 * distance) for clip in clips for first in (0, 16)]
        lines = [
            " ".join(f"data/SNU-FILM/test/{clip}/{index:06d}.png" for index in places) for clip, *places in triplets
        ]
        (folder / f"test-{mode}.txt").write_text("\n".join(lines) + "\n")


def middlebury_other(folder):
    for number, clip in enumerate(("Beanbags", "Dimetrodon", "Venus")):
        names = ["frame09", "frame10", "frame10i11", "frame11", "frame12"]
        write_frames(folder / "other-data" / clip, names, seed=number)
        (folder / "other-gt-interp" / clip).mkdir(parents=True)
        truth = folder / "other-data" / clip / "frame10i11.png"
        truth.rename(folder / "other-gt-interp" / clip / truth.name)


def middlebury_eval(folder):
    for number, clip in enumerate(("Army", "Teddy")):
        names = ["frame10", "frame11"] if clip == "Teddy" else ["frame09", "frame10", "frame11", "frame12"]
        write_frames(folder / "eval-data" / clip, names, seed=number)


def davis(folder):
    for number, clip in enumerate(("bear", "camel")):
        names = [f"{index:05d}" for index in range(8 + number)]
        write_frames(folder / "JPEGImages" / "480p" / clip, names, seed=number)


def reds(folder):
    for part, clips in (("train", ("000", "001", "011", "015", "020")), ("val", ("000", "001"))):
        for number, clip in enumerate(clips):
            names = [f"{index:08d}" for index in range(3 + number)]
            frames = write_frames(folder / f"{part}_sharp" / clip, names, seed=number)
            write_quarters(folder / f"{part}_sharp_bicubic" / "X4" / clip, names, frames, "BI")


def clips(folder):
    write_frames(folder / "frames", [f"{index:04d}" for index in range(9)], seed=0)
    write_video(folder / "video.mp4", moving_frames(9, STEP, 1, SIZE))


VID4, SPMCS = ("calendar", "walk"), ("AMVTG_004", "hdclub_003_001")
MAKERS = {
    "vimeo_triplet": vimeo_triplet,
    "vimeo_septuplet": lambda folder: vimeo(folder, "sep", 7),
    "vimeo_bi": vimeo_x4("BI"),
    "vimeo_bd": vimeo_x4("BD"),
    "gopro": high_rate(GOPRO_CLIPS),
    "adobe240": high_rate(ADOBE240_CLIPS),
    "ucf101": ucf101,
    "snu_film": snu_film,
    "middlebury_other": middlebury_other,
    "middlebury_eval": middlebury_eval,
    "davis": davis,
    "vid4_bi": x4_clips("BI", VID4),
    "vid4_bd": x4_clips("BD", VID4),
    "spmcs_bi": x4_clips("BI", SPMCS),
    "spmcs_bd": x4_clips("BD", SPMCS),
    "reds": reds,
    "clips": clips,
}
