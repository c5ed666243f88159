"""Write a short clip of moving shapes with a tone, for the demo: no footage needs to be downloaded."""

import argparse
import os
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from src.engine.outputs import check_file  # noqa: E402
from src.errors import run_command  # noqa: E402

WIDTH, HEIGHT, FRAME_RATE, SECONDS = 320, 192, 25, 2
SAMPLE_RATE, TONE_HERTZ = 48000, 440


def texture(x: np.ndarray, y: np.ndarray, wavelength: float, colour: tuple) -> np.ndarray:
    """Return a (height, width, 3) pattern in [0, 1] at continuous coordinates: motion is exact below a pixel."""
    turn = 2 * np.pi / wavelength
    waves = np.sin(turn * x) * np.sin(turn * y) + 0.5 * np.sin(turn * (0.37 * x + 0.61 * y))
    return np.clip((0.65 + 0.23 * waves)[..., None] * np.asarray(colour), 0, 1)


def draw_frame(time: float) -> np.ndarray:
    """Return the scene at `time` seconds as (height, width, 3) uint8: sliding backdrop, ball, turning square."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    frame = texture(x + 20 * time, y, 48, (0.55, 0.75, 0.6))

    ball_x, ball_y = 60 + 100 * time, 70 + 30 * np.sin(2 * np.pi * time / SECONDS)
    inside = np.clip(34.5 - np.hypot(x - ball_x, y - ball_y), 0, 1)[..., None]
    frame += inside * (texture(x - ball_x, y - ball_y, 19, (1.0, 0.55, 0.35)) - frame)

    angle = 0.6 * time
    across, down = x - (240 - 70 * time), y - 130
    along = np.cos(angle) * across + np.sin(angle) * down
    aside = np.cos(angle) * down - np.sin(angle) * across
    inside = np.clip(28.5 - np.maximum(np.abs(along), np.abs(aside)), 0, 1)[..., None]
    frame += inside * (texture(along, aside, 15, (0.5, 0.6, 1.0)) - frame)
    return np.round(255 * frame).astype(np.uint8)


def write_sample(path: Path) -> None:
    """Write the clip, H.264 with AAC sound, into a folder that exists."""
    import av

    part = path.with_name(f".{path.stem}.part.mp4")
    try:
        with av.open(str(part), "w") as container:
            video = container.add_stream("libx264", rate=FRAME_RATE, options={"crf": "16"})
            video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            sound = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
            for index in range(FRAME_RATE * SECONDS):
                frame = av.VideoFrame.from_ndarray(draw_frame(index / FRAME_RATE), format="rgb24")
                frame.pts, frame.time_base = index, Fraction(1, FRAME_RATE)
                container.mux(video.encode(frame))
            seconds = np.arange(SAMPLE_RATE * SECONDS, dtype=np.float32) / SAMPLE_RATE
            tone = av.AudioFrame.from_ndarray(
                0.1 * np.sin(2 * np.pi * TONE_HERTZ * seconds)[None], format="fltp", layout="mono"
            )
            tone.sample_rate, tone.pts, tone.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
            container.mux(sound.encode(tone))
            for stream in (video, sound):
                container.mux(stream.encode(None))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="the .mp4 file to write")
    path = parser.parse_args(argv).path
    check_file(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sample(path)


if __name__ == "__main__":
    run_command(main)
