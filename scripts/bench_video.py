"""The video side of scripts/bench.py: infer.py's whole job against its network alone, on the same frames."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from src.errors import UsageError
from src.video.frames import to_network
from src.video.job import Job, Run
from src.video.options import VideoOptions, timeline_for
from src.video.publish import publish
from src.video.reader import open_source
from src.video.tiles import Tiled

SIZE = "720x1280"
STEP = (6, 3)  # pixels, x and y, that the generated picture moves by from frame to frame
GRAIN = 3.0  # levels: deviation of its noise, which keeps an encoder as busy as a camera's does


def make_clip(path: Path, size: tuple[int, int], count: int) -> None:
    """Encode `count` frames, (height, width) in pixels, of a picture that moves and has grain."""
    import av
    import cv2

    random, (height, width) = np.random.default_rng(1), size
    corners = [(index * STEP[0], index * STEP[1]) for index in range(count)]
    shape = (height + corners[-1][1], width + corners[-1][0])
    coarse = random.uniform(30, 225, (shape[0] // 24 + 2, shape[1] // 24 + 2, 3)).astype(np.float32)
    picture = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "4"})
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        for x, y in corners:
            seen = picture[y : y + height, x : x + width]
            pixels = np.clip(seen + random.normal(0, GRAIN, seen.shape), 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


class JobSide:
    """A run of infer.py, without loading the network: frames are decoded, doubled and encoded."""

    def __init__(self, predictor: Tiled, options: VideoOptions):
        self.predictor, self.options = predictor, options
        self.source = open_source(options.input)
        self.done = Run()

    def run(self) -> float:
        """Return the seconds of a run."""
        started = time.perf_counter()
        with publish(self.options.output_path, self.options.overwrite) as unfinished:
            timeline = timeline_for(self.options, self.source)
            self.done = Job(self.source, [self.predictor], timeline, self.options, unfinished).run()
        return time.perf_counter() - started


class NetworkSide:
    """The predictor in a loop over the same frames; what makes them ready is not timed."""

    def __init__(self, predictor: Tiled, options: VideoOptions):
        self.predictor, self.source = predictor, open_source(options.input)
        self.count = 0

    def run(self) -> float:
        """Return the seconds that the predictions took together."""
        seconds, self.count, before = 0.0, 0, None
        for pixels in self.source.frames():
            frame = to_network(pixels)
            if before is not None:
                pair = np.stack([before, frame])
                started = time.perf_counter()
                self.predictor(pair, [0.5])
                seconds += time.perf_counter() - started
                self.count += 1
            before = frame
        return seconds


def bench_video(options: argparse.Namespace) -> None:
    """Print the medians of both, in frames of the result a second, and the part of the network's pace that is kept."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(options.video_path or Path(folder) / "clip.mp4")
        if not options.video_path:
            make_clip(clip, _size(options.sizes or [SIZE]), options.clip_frames)
        job = VideoOptions(
            input=str(clip),
            output_path=str(Path(folder) / "result.mp4"),
            overwrite=True,
            model=options.network,
            ckpt_path=options.ckpt_path,
            device_target=options.device_target,
            cuts="off",
        )
        if job.enlarges:
            raise UsageError(f"video is measured with a network that makes new frames; got --network {job.model}")
        from src.runtime.choice import video_predictor

        predictor = Tiled(video_predictor(job), 0)
        sides = {"job": JobSide(predictor, job), "network": NetworkSide(predictor, job)}
        source = sides["job"].source
        frames = np.zeros((2, 3, source.height, source.width), np.float32)
        predictor(frames, [0.5])  # compiles the graph
        seconds = {side: [] for side in sides}
        for turn in range(options.rounds):
            for side in sorted(sides, reverse=bool(turn % 2)):
                seconds[side].append(sides[side].run())
    predicted, written = sides["job"].done.tally.predicted, sides["job"].done.written
    if predicted != sides["network"].count:
        raise UsageError(f"the job made {predicted} predictions, the loop {sides['network'].count}: use another clip")
    rates = {side: written / statistics.median(each) for side, each in seconds.items()}
    pairs = [network / whole for network, whole in zip(seconds["network"], seconds["job"])]
    print(
        f"{job.model}, {options.device_target}, {source.width}x{source.height}, {written} frames of the result, "
        f"{len(pairs)} rounds"
    )
    print(f"{'':14} {'frames/s':>9} {'ms a prediction':>16}")
    for side, told in (("network", "network alone"), ("job", "whole job")):
        print(f"{told:14} {rates[side]:9.3f} {1e3 * written / rates[side] / predicted:16.1f}")
    by_rounds = " ".join(f"{each:.1%}" for each in pairs)
    print(f"job / network {rates['job'] / rates['network']:.1%}, by rounds {by_rounds}")


def _size(sizes):
    height, _, width = sizes[0].partition("x")
    if len(sizes) > 1 or not (height.isdecimal() and width.isdecimal()):
        raise UsageError(f"video takes one size HEIGHTxWIDTH; got {' '.join(sizes)}")
    return int(height), int(width)
