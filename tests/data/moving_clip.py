"""Small generated clips with known motion, for the tests of cuts and clips."""

import av
import cv2
import numpy as np


def moving_frames(count, step, seed, size=(72, 96)):
    """Frames (h, w, 3) uint8 of a colourful picture that moves by `step` (x, y) pixels a frame."""
    rng = np.random.default_rng(seed)
    noise = cv2.resize(rng.uniform(0, 1, (24, 32, 3)).astype(np.float32), (768, 576), interpolation=cv2.INTER_CUBIC)
    picture = np.clip((noise * 0.8 + rng.uniform(-0.2, 0.4, 3)) * 255, 0, 255).astype(np.uint8)
    h, w = size
    corners = [(250 - round(i * step[0]), 250 - round(i * step[1])) for i in range(count)]
    return [np.ascontiguousarray(picture[y : y + h, x : x + w]) for x, y in corners]


def write_video(path, frames):
    """Encode frames, almost without loss, into a video file."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 8_000_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return str(path)


def write_folder(folder, frames):
    """Store frames as numbered PNG files."""
    folder.mkdir()
    for number, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"{number:04}.png"), frame[..., ::-1])
    return str(folder)
