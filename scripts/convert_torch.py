"""Store published weights as a checkpoint of ours: python scripts/convert_torch.py SRC --model NAME --output_path DST

SRC is a .pth of PyTorch or a .safetensors in any published layout of the network, or its URL.
"""

import argparse
import hashlib
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from src.engine.device import start_device  # noqa: E402
from src.engine.outputs import check_file  # noqa: E402
from src.errors import UsageError, run_command  # noqa: E402


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="the published weights: a path or a URL")
    parser.add_argument("--model", required=True, help="whose weights they are")
    parser.add_argument("--output_path", required=True, help="the .ckpt to write")
    parser.add_argument("--timestep", choices=("fixed", "arbitrary"), help="the times they know, where not by the name")
    parser.add_argument("--overwrite", action="store_true", help="replace the output where it exists")
    arguments = parser.parse_args(argv)
    output = Path(arguments.output_path)
    if output.suffix != ".ckpt":
        raise UsageError(f"--output_path ends in .ckpt; got {output}")
    if output.exists() and not arguments.overwrite:
        raise UsageError(f"{output} exists; give another --output_path, or --overwrite")
    check_file(output)
    start_device()

    from src.engine.checkpoint import load_weights, save_weights
    from src.models import count_parameters, create_model

    network = create_model(arguments.model)
    if arguments.timestep == "arbitrary" and not network.takes_time:
        raise UsageError(f"--timestep arbitrary is for networks that take a time, which {arguments.model} does not")
    card = load_weights(network, arguments.source, arguments.model)
    if arguments.timestep:
        card = replace(card, timestep=arguments.timestep)
    save_weights(network, output, card)
    digest = hashlib.sha256(output.read_bytes()).hexdigest()
    print(f"{output}: {card.model_name}, {count_parameters(network):,} parameters, timestep {card.timestep}, {digest}")


if __name__ == "__main__":
    run_command(main)
