"""Store a checkpoint's weights in half precision, for shipping; they are widened again when loaded.

python scripts/pack_weights.py outputs/demo/ifrnet_s.ckpt outputs/packed.ckpt --model ifrnet_s
"""

import argparse
import hashlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from src.engine.device import start_device  # noqa: E402
from src.engine.outputs import check_file  # noqa: E402
from src.errors import UsageError, run_command  # noqa: E402


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="the checkpoint to read")
    parser.add_argument("output", help="the checkpoint to write")
    parser.add_argument("--model", default="ifrnet_s", help="whose weights they are (default: %(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="replace the output where it exists")
    arguments = parser.parse_args(argv)
    if Path(arguments.output).exists() and not arguments.overwrite:
        raise UsageError(f"{arguments.output} exists; give another, or --overwrite")
    check_file(Path(arguments.output))
    start_device()

    from src.engine.checkpoint import load_weights, save_weights
    from src.models import create_model

    network = create_model(arguments.model)
    card = load_weights(network, arguments.source, arguments.model)
    save_weights(network, arguments.output, card, half=True)
    digest = hashlib.sha256(Path(arguments.output).read_bytes()).hexdigest()
    print(f"{arguments.output}: {card.model_name}, timestep {card.timestep}, sha256 {digest}")


if __name__ == "__main__":
    run_command(main)
