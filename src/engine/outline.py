"""What a training run is going to be: the whole recipe, its length, the network's size, an estimate of the memory."""

from __future__ import annotations

import dataclasses

import numpy as np
import yaml

BYTES = 4
# Peak memory of training on CPU over the bytes of what comes out of all cells with weights: 12 for IFRNet-S with all
# its losses and for TOFlow's super-resolution, 22 for FLAVR; 3 to 8 with compiled operators. It holds gradients, what
# lies between layers, and workspaces.
COPIES = 12
PROCESS = 2**30  # bytes of MindSpore itself and a compiled graph


def outline(recipe, network, objective, length: tuple[int, int], worker_count: int, operators: str) -> str:
    """Return the outline of a run as YAML: the recipe's values, then the facts as comments.

    length: (steps of the whole run, steps of an epoch). operators: their form, in words.
    """
    values = sum(parameter.size for parameter in network.trainable_params())
    fixed = sum(parameter.size for parameter in network.get_parameters()) - values
    samples = recipe.batch_size * recipe.accumulate_steps * worker_count
    kept, activations = state_bytes(recipe, values) + fixed * BYTES, activation_bytes(recipe, network)
    facts = (
        f"{recipe.model}: {values:,} trainable parameters",
        f"loss terms: {', '.join(objective.terms)}",
        f"steps: {length[0]:,} of {samples} samples, {length[1]:,} an epoch",
        f"operators: {operators}",
        f"memory of a worker, roughly: {(PROCESS + kept + activations) / 2**30:.1f} GiB "
        f"({kept / 2**30:.1f} for weights, gradients and moments, {activations / 2**30:.1f} for activations)",
    )
    told = yaml.safe_dump(dataclasses.asdict(recipe), sort_keys=False)
    return told + "".join(f"# {fact}\n" for fact in facts)


def state_bytes(recipe, values: int) -> int:
    """Return the bytes of weights, gradients, two moments, and what the recipe keeps besides, per worker."""
    copies = 4 + (recipe.ema_decay > 0) + (recipe.accumulate_steps > 1)
    return copies * values * BYTES


def activation_bytes(recipe, network) -> int:
    """Estimate the bytes of a batch's activations and their gradients by a look at one small sample.

    Runs the network once, outside of a graph, on the smallest frames it takes, and leaves graph mode on.
    """
    import mindspore

    side = max(network.multiple, 32)
    frames = [mindspore.Tensor(np.zeros((1, 3, side, side), np.float32)) for _ in range(network.inputs)]
    if network.takes_time:
        frames.append(mindspore.Tensor(np.full((1, 1, 1, 1), 0.5, np.float32)))
    counted, handles = [], []
    mindspore.set_context(mode=mindspore.PYNATIVE_MODE)  # before the hooks: 2.0 takes none in graph mode
    try:
        for _, cell in network.cells_and_names():
            if cell.parameters_dict(recurse=False):
                handles.append(cell.register_forward_hook(lambda cell, inputs, output: counted.append(_size(output))))
        network(*frames)
    finally:
        mindspore.set_context(mode=mindspore.GRAPH_MODE)
        for handle in handles:
            handle.remove()
    pixels = recipe.batch_size * recipe.height * recipe.width / (network.scale * side) ** 2
    return int(COPIES * BYTES * sum(counted) * pixels)


def _size(output) -> int:
    if isinstance(output, (tuple, list)):
        return sum(_size(each) for each in output)
    return int(np.prod(output.shape)) if hasattr(output, "shape") else 0
