"""The upstream side of scripts/bench_edge.py, run by a Python with PyTorch and what the checkout imports.

python scripts/bench_edge_torch.py ROOT NETWORK HEIGHT WIDTH THREADS RUNS: ROOT holds a checkout named IFRNet; for every
line on stdin RUNS predictions, and on stdout their milliseconds.
"""

import json
import sys
import time

import torch
from bench_train_torch import ifrnet

WARM_UP = 3


def main(root, name, *numbers):
    height, width, threads, runs = (int(number) for number in numbers)
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    network, _ = ifrnet(root, name)
    network.eval()
    frames = torch.rand(2, 1, 3, height, width)
    middle = torch.full((1, 1, 1, 1), 0.5)

    def milliseconds():
        start = time.perf_counter()
        network.inference(frames[0], frames[1], middle)
        return 1e3 * (time.perf_counter() - start)

    with torch.inference_mode():
        for _ in sys.stdin:
            for _ in range(WARM_UP):
                milliseconds()
            print(json.dumps([milliseconds() for _ in range(runs)]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
