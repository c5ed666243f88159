"""Write the flow that IFRNet is taught with, for every triplet of Vimeo90K: target to frame 0 and target to frame 1.

python scripts/make_flow.py --data_path vimeo_triplet --method dis

What is done already is kept, so the same command goes on where it was stopped. Several processes share the work when
each is given its --rank of --ranks, which RANK_ID and RANK_SIZE set too. DIS is OpenCV's and needs no weights.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from src.config import DEVICES  # noqa: E402
from src.errors import PartialError, UsageError, run_command  # noqa: E402

METHODS = ("dis", "liteflownet", "spynet", "spynet_6")
SHOWN_PROBLEMS = 3


def create_estimator(arguments):
    """Return the function (target, frame) -> flow that the arguments name."""
    if arguments.method == "dis":
        from src.data.flow_estimate import estimate_flow

        return estimate_flow
    from src.runtime.mindspore_flow import load_flow

    options = {"channel_order": arguments.channel_order} if arguments.method == "liteflownet" else {}
    return load_flow(
        arguments.method, arguments.ckpt_path, arguments.device_target, arguments.device_id, **options
    )


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data_path", required=True, help="the vimeo_triplet folder: its lists and sequences/")
    parser.add_argument("--method", choices=METHODS, default="dis", help="what estimates (default: %(default)s)")
    parser.add_argument("--ckpt_path", default="", help="weights of the network: a file or a URL")
    parser.add_argument("--output_path", default="", help="folder of the flow files (default: flow/ in data_path)")
    parser.add_argument("--split", choices=("train", "test", "all"), default="all", help="default: %(default)s")
    parser.add_argument(
        "--channel_order",
        choices=("rgb", "bgr"),
        default="rgb",
        help="in which LiteFlowNet reads colours: as IFRNet's authors ran it, or as it was trained (default: rgb)",
    )
    parser.add_argument("--rank", type=int, help="which share of the work is done here (default: RANK_ID, or 0)")
    parser.add_argument("--ranks", type=int, help="into how many shares it is parted (default: RANK_SIZE, or 1)")
    parser.add_argument("--device_target", choices=DEVICES, default="CPU", help="default: %(default)s")
    parser.add_argument("--device_id", type=int, default=0, help="which of the devices (default: %(default)s)")
    arguments = parser.parse_args(argv)
    for name, variable, alone in (("rank", "RANK_ID", 0), ("ranks", "RANK_SIZE", 1)):
        if getattr(arguments, name) is None:
            setattr(arguments, name, _whole_number(variable, os.environ.get(variable) or str(alone)))
    if not 0 <= arguments.rank < arguments.ranks:
        raise UsageError(f"rank lies in 0 to ranks - 1 = {arguments.ranks - 1}; got {arguments.rank}")
    return arguments


def _whole_number(name, text):
    if not text.isdigit():
        raise UsageError(f"{name} is a whole number; got {text!r}")
    return int(text)


def main(argv):
    arguments = parse_arguments(argv)

    from tqdm import tqdm

    from src.data.flow_labels import label_entries, share_of_rank
    from src.data.vimeo import triplet_entries
    from src.engine.outputs import check_folder

    splits = ("train", "test") if arguments.split == "all" else (arguments.split,)
    folder = Path(arguments.data_path)
    entries = [each for split in splits for each in triplet_entries(folder, split, arguments.output_path)]
    entries = share_of_rank(entries, arguments.rank, arguments.ranks)
    check_folder(Path(arguments.output_path or folder / "flow"))
    estimate = create_estimator(arguments)
    written, problems = 0, []
    for labelled in tqdm(label_entries(entries, estimate), total=len(entries), unit=" clips", mininterval=1):
        written += labelled.written
        if labelled.problem:
            problems.append(labelled.problem)
    print(f"{len(entries)} clips: {written} flow files written, {2 * (len(entries) - len(problems)) - written} kept")
    if problems:
        more = f"; and {len(problems) - SHOWN_PROBLEMS} more" if len(problems) > SHOWN_PROBLEMS else ""
        shown = "; ".join(problems[:SHOWN_PROBLEMS])
        raise PartialError(f"{len(problems)} of {len(entries)} clips could not be labelled: {shown}{more}")


if __name__ == "__main__":
    run_command(main)
