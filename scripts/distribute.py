"""Train or evaluate on several workers of one machine: python scripts/distribute.py --device_target CPU -- FLAGS

scripts/run_distribute_train_*.sh call it. The workers' logs go to OUTPUT_PATH/workers.
"""

import argparse
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from src.config import DEVICES, Recipe, parse_recipe  # noqa: E402
from src.engine.launch import VISIBLE, count_devices, start_workers  # noqa: E402
from src.engine.outputs import check_folder  # noqa: E402
from src.engine.watch import watch  # noqa: E402
from src.errors import UsageError, run_command  # noqa: E402
from src.runtime.options import EvalOptions  # noqa: E402

# What each program takes, and where it writes unless it is told.
PROGRAMS = {"train.py": (Recipe, "outputs/train"), "eval.py": (EvalOptions, "outputs/eval")}


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--device_target", choices=DEVICES, default="CPU", help="default: %(default)s")
    parser.add_argument("--worker_num", type=int, help="workers (default: one a visible device, two on the CPU)")
    parser.add_argument("--visible_devices", help="numbers of the devices to use, separated by commas")
    parser.add_argument("--rank_table_file", default="", help="Ascend: start the workers of this table")
    parser.add_argument("--program", choices=PROGRAMS, default="train.py", help="what they run (default: %(default)s)")
    parser.add_argument("flags", nargs="*", metavar="FLAG", help="flags of the program, after --")
    options = parser.parse_args(argv)
    if options.worker_num is not None and options.worker_num < 1:
        raise UsageError(f"worker_num is at least 1; got {options.worker_num}")
    if options.visible_devices and options.device_target not in VISIBLE:
        raise UsageError(f"visible_devices goes with device_target {' or '.join(VISIBLE)}; got {options.device_target}")
    return options


def main(argv):
    options = parse_arguments(argv)
    flags = [*options.flags, "--device_target", options.device_target, "--distribute"]
    recipe_class, usual_output = PROGRAMS[options.program]
    recipe = parse_recipe(flags, __doc__, recipe_class)
    if options.visible_devices:
        os.environ[VISIBLE[options.device_target]] = options.visible_devices
    count = options.worker_num or (0 if options.rank_table_file else count_devices(options.device_target))
    logs = Path(recipe.output_path or usual_output) / "workers" / time.strftime("%Y%m%d-%H%M%S")
    check_folder(logs)
    command = [str(ROOT / options.program), *flags]
    sys.exit(watch(start_workers(command, options.device_target, count, logs, options.rank_table_file)))


if __name__ == "__main__":
    run_command(main)
