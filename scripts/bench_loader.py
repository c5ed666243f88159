"""The loader's side of scripts/bench.py: samples a second on the layout of Vimeo90K's triplets, against IFRNet's own.

Both read the same files and make the crops and augmentations of IFRNet's training (Kong et al., CVPR 2022).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np

from src.errors import EnvironmentFault, UsageError

CROP = (224, 224)
FRAME = (256, 448)
GRAIN = 0.7  # deviation of the noise that brings the PNG files to the size of the published ones, about 150 KB
UPSTREAM_SIDE = Path(__file__).with_name("bench_loader_torch.py")


def make_triplets(folder: Path, count: int) -> None:
    """Lay out generated triplets with their flow as Vimeo90K and IFRNet do, written by Pillow as most PNG files are."""
    from PIL import Image

    from src.data.flow_files import write_flow
    from src.data.synthetic import SyntheticMotion

    source, noise = SyntheticMotion(FRAME, count, seed=1, max_displacement=16.0), np.random.default_rng(1)
    names = [f"00001/{number:04d}" for number in range(1, count + 1)]
    for name, (frame0, frame1, _, target, flow) in zip(names, (source[index] for index in range(count))):
        images, flows = folder / "sequences" / name, folder / "flow" / name
        for each in (images, flows):
            each.mkdir(parents=True)
        for number, frame in enumerate((frame0, target, frame1), start=1):
            grainy = 255 * frame.transpose(1, 2, 0) + noise.normal(0, GRAIN, (*FRAME, 1))
            Image.fromarray(np.clip(np.round(grainy), 0, 255).astype(np.uint8)).save(images / f"im{number}.png")
        for file, part in (("flow_t0.flo", flow[:2]), ("flow_t1.flo", flow[2:])):
            write_flow(flows / file, part)
    for split in ("train", "test"):
        (folder / f"tri_{split}list.txt").write_text("\n".join(names) + "\n")


class OurLoader:
    """Batches of `src.data`, timed: `run(batches)` returns wall and processor seconds, after batches left out."""

    def __init__(self, folder: Path, workers: int, batch_size: int):
        from src.data import COLUMNS
        from src.data.augment import IFRNET_CHANGES
        from src.data.datasets import find_entries
        from src.data.samples import EntrySamples

        entries = find_entries("vimeo_triplet", str(folder), "train")
        self.source = EntrySamples(entries, COLUMNS, CROP, 1 << 24, 1, IFRNET_CHANGES)
        self.workers, self.batch_size = workers, batch_size

    def run(self, batches: int, left_out: int) -> tuple[float, float]:
        from src.data import COLUMNS, create_dataset

        dataset = create_dataset(self.source, COLUMNS, self.batch_size, self.workers)
        iterator = dataset.create_tuple_iterator(output_numpy=True, num_epochs=1)
        for _ in range(left_out):
            next(iterator)
        wall, processor = time.perf_counter(), time.process_time()
        for _ in range(batches):
            next(iterator)
        return time.perf_counter() - wall, time.process_time() - processor


class UpstreamLoader:
    """IFRNet's own loader in a Python with PyTorch, which answers `run` as `OurLoader` does."""

    def __init__(self, process):
        self.process = process

    def run(self, batches: int, left_out: int) -> tuple[float, float]:
        self.process.stdin.write(f"{batches} {left_out}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise EnvironmentFault("the upstream loader ended; its own message stands above")
        return tuple(json.loads(answer))


@contextmanager
def upstream_loader(python: str, upstream: str, folder: Path, workers: int, batch_size: int):
    """Start the upstream side and end it with the block."""
    command = [python, str(UPSTREAM_SIDE), upstream, str(folder), str(workers), str(batch_size)]
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    except OSError as error:
        raise UsageError(f"--torch_python is a Python with PyTorch; {python!r}: {error.strerror}") from error
    try:
        yield UpstreamLoader(process)
    finally:
        process.stdin.close()
        process.wait()


def bench_loader(options: argparse.Namespace) -> None:
    """Print the medians of samples a second, and how many times as fast ours is, a line for each number of workers.

    On a busy machine believe the processor's time a sample: what all threads and processes of a side spend on one.
    """
    from src.engine.device import import_mindspore

    checkout = Path(options.upstream) / "IFRNet" if options.upstream else None
    if checkout and not (checkout / "datasets.py").is_file():
        raise UsageError(f"--upstream holds a checkout of IFRNet, with IFRNet/datasets.py; got {options.upstream!r}")
    version = import_mindspore().__version__
    with tempfile.TemporaryDirectory() as made:
        folder = Path(options.data_path) if options.data_path else Path(made)
        if not options.data_path:
            make_triplets(folder, options.clips)
        print(f"MindSpore {version}, batches of {options.batch_size}, {options.rounds} rounds of {options.batches}")
        print(f"{'workers':8}{'loader':>10}{'samples/s':>11}{'ratio':>8}{'processor ms/sample':>21}{'ratio':>8}")
        for workers in options.workers:
            ours = OurLoader(folder, workers, options.batch_size)
            theirs = nullcontext()
            if checkout:
                theirs = upstream_loader(options.torch_python, str(checkout), folder, workers, options.batch_size)
            with theirs as upstream:
                sides = {"upstream": upstream, "ours": ours} if upstream else {"ours": ours}
                _print_medians(workers, _measure(sides, options), options.batches * options.batch_size)


def _measure(sides, options):
    seconds = {name: [] for name in sides}
    for turn in range(options.rounds):
        for name in sorted(sides, reverse=bool(turn % 2)):
            seconds[name].append(sides[name].run(options.batches, left_out=2 * options.workers[-1]))
    return seconds


def _print_medians(workers, seconds, samples):
    medians = {name: [statistics.median(part) / samples for part in zip(*each)] for name, each in seconds.items()}
    for name, (wall, processor) in medians.items():
        ratios = ("", "")
        if name == "ours" and "upstream" in medians:
            ratios = [f"{theirs / own:.2f}x" for theirs, own in zip(medians["upstream"], (wall, processor))]
        print(f"{workers:<8}{name:>10}{1 / wall:11.1f}{ratios[0]:>8}{1e3 * processor:21.2f}{ratios[1]:>8}", flush=True)
