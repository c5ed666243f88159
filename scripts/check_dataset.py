"""Decode a whole dataset and name the first file that is missing or broken.

python scripts/check_dataset.py --dataset vimeo_triplet --data_path vimeo_triplet [--split train|test]
"""

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from src.config import ON_DISK, check_values, option, parse_options  # noqa: E402
from src.errors import run_command  # noqa: E402


@dataclass(frozen=True)
class CheckOptions:
    """The arguments of check_dataset.py."""

    dataset: str = option("", "which dataset it is", choices=ON_DISK, required=True)
    data_path: str = option("", "its folder", required=True)
    split: str = option("", "train, test or another split of it (default: all)")
    flow_path: str = option("", "vimeo_triplet: folder of the .flo files (default: flow in data_path)")
    workers: int = option(4, "threads that decode", low=1)

    def __post_init__(self):
        check_values(self)


def main(argv):
    options = parse_options(CheckOptions, argv, description=__doc__)

    from src.data.check import check_dataset

    counts = check_dataset(options.dataset, options.data_path, options.split, options.flow_path, options.workers)
    for split, count in counts.items():
        flows = f", {count.flows} flow files" if count.flows else ""
        print(f"{options.dataset} {split}: {count.samples} samples, {count.images} images{flows}, all readable")


if __name__ == "__main__":
    run_command(main)
