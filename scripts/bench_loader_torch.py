"""The upstream side of scripts/bench_loader.py, run by a Python with PyTorch and what IFRNet's datasets.py imports.

python scripts/bench_loader_torch.py UPSTREAM DATA WORKERS BATCH_SIZE: for every line "BATCHES LEFT_OUT" on stdin one
line on stdout with the wall and processor seconds of so many batches, after those left out.
"""

import json
import os
import sys
import time


def processor_seconds(processes) -> float:
    """Return what this process and the given ones have spent on a processor."""
    ticks = 0
    for each in processes:
        with open(f"/proc/{each.pid}/stat", encoding="ascii") as file:
            # the name in brackets may hold blanks; user and system time are fields 14 and 15
            fields = file.read().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def main(upstream, data, workers, batch_size):
    sys.path.insert(0, upstream)
    from datasets import Vimeo90K_Train_Dataset
    from torch.utils.data import DataLoader, RandomSampler

    dataset = Vimeo90K_Train_Dataset(data)
    # one long epoch, so that starting the workers is no part of what is timed
    sampler = RandomSampler(dataset, replacement=True, num_samples=1 << 24)
    for line in sys.stdin:
        batches, left_out = map(int, line.split())
        loader = DataLoader(dataset, int(batch_size), sampler=sampler, num_workers=int(workers), drop_last=True)
        iterator = iter(loader)
        for _ in range(left_out):
            next(iterator)
        processes = iterator._workers
        wall, processor = time.perf_counter(), processor_seconds(processes)
        for _ in range(batches):
            next(iterator)
        print(json.dumps((time.perf_counter() - wall, processor_seconds(processes) - processor)), flush=True)
        del iterator, loader


if __name__ == "__main__":
    main(*sys.argv[1:])
