"""Pack a dataset into MindRecord shards.

python scripts/make_mindrecord.py --dataset vimeo_triplet --data_path vimeo_triplet --output_path packed

Images and flow files are kept byte for byte. A recipe whose data_path is the packed folder trains on the same samples.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from src.errors import UsageError, run_command  # noqa: E402


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", required=True, help="its name, as in recipes")
    parser.add_argument("--data_path", required=True, help="the folder that holds it as published")
    parser.add_argument("--output_path", required=True, help="the folder to make")
    parser.add_argument("--shards", type=int, default=4, help="into how many files (default: %(default)s)")
    parser.add_argument("--split", default="", help="one part of it (default: train and test, where it has them)")
    parser.add_argument("--flow_path", default="", help="vimeo_triplet: folder of the .flo files")
    parser.add_argument("--multi", type=int, default=8, help="gopro, adobe240: as in recipes (default: %(default)s)")
    parser.add_argument("--inputs", type=int, default=2, help="gopro, adobe240: frames a network takes (default: 2)")
    arguments = parser.parse_args(argv)
    if arguments.shards < 1:
        raise UsageError(f"shards is at least 1; got {arguments.shards}")
    return arguments


def main(argv):
    arguments = parse_arguments(argv)

    from tqdm import tqdm

    from src.data.datasets import dataset_named, find_entries, indexed_with
    from src.data.records import is_packed, pack
    from src.engine.device import import_mindspore
    from src.engine.outputs import check_folder

    check_folder(Path(arguments.output_path).parent)
    if is_packed(Path(arguments.data_path)):
        raise UsageError(f"{arguments.data_path} is packed already")
    usual = [each for each in dataset_named(arguments.dataset).splits if each in ("train", "test")]
    splits = [arguments.split] if arguments.split else usual
    options = {name: getattr(arguments, name) for name in ("flow_path", "multi", "inputs")}
    options["borders"] = "mirrored"
    entries = {each: find_entries(arguments.dataset, arguments.data_path, each, **options) for each in splits}
    import_mindspore()
    manifest = pack(
        arguments.dataset,
        entries,
        indexed_with(arguments.dataset, options),
        Path(arguments.data_path),
        Path(arguments.output_path),
        arguments.shards,
        lambda files: tqdm(files, unit=" files", mininterval=1),
    )
    counts = ", ".join(f"{len(each)} of {split}" for split, each in manifest["splits"].items())
    print(f"{arguments.output_path}: {counts}, {len(manifest['files'])} files in {len(manifest['shards'])} shards")


if __name__ == "__main__":
    run_command(main)
