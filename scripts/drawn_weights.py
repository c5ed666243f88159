"""Weights for networks that none are shipped for: drawn, and brought to the size that pictures ask for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

DEVIATION = 0.25
_SEED = 3
_SIZE = (64, 96)  # of the frames, a multiple of what every network asks for


def drawn_weights(model: str, path: Path) -> None:
    """Write weights for a network in which every part has something to do, and no more than in a trained network.

    Fresh ones, with small ones for zeros. Then each kernel is scaled in turn, from the frames on, so that what it makes
    of golden inputs deviates by 0.25, as the colours of pictures do (by 0.22 to 0.23 in ImageNet's): maps keep their
    size however many are added up, pictures are neither grey nor far outside [0, 1], and flows, doubled from level to
    level, come to a few pixels. Mishkin and Matas, "All You Need Is a Good Init", ICLR 2016, where maps deviate by 1.
    """
    import mindspore

    from src.engine.checkpoint import Card, save_weights
    from src.export.golden import golden_inputs
    from src.models import create_model

    mindspore.set_seed(_SEED)
    network = create_model(model).set_train(False)
    _fill_zeros(network)
    mode = mindspore.get_context("mode")
    mindspore.set_context(mode=mindspore.PYNATIVE_MODE)  # the hooks of a graph see no values
    try:
        hooks = [cell.register_forward_hook(_Scaling()) for cell in _layers(network)]
        network(*map(mindspore.Tensor, golden_inputs(network, 1, _SIZE)))
        for hook in hooks:
            hook.remove()
    finally:
        mindspore.set_context(mode=mode)
    save_weights(network, path, Card(model))


class _Scaling:
    """Scales the parameters of a linear layer when it runs first, and what it has made."""

    def __init__(self):
        self.done = False

    def __call__(self, layer, inputs, output):
        if self.done:
            return output
        self.done = True
        factor = DEVIATION / output.asnumpy().std()
        for parameter in layer.get_parameters(expand=False):
            parameter.set_data(parameter * float(factor))
        return output * float(factor)


def _layers(network):
    for cell in network.cells():
        if any(parameter.ndim > 3 for parameter in cell.get_parameters(expand=False)):
            yield cell
        yield from _layers(cell)


def _fill_zeros(network):
    from mindspore import Tensor

    random = np.random.RandomState(_SEED)
    for name, parameter in network.parameters_and_names():
        values = parameter.asnumpy()
        if name.endswith(("weight", "bias", "beta")) and not values.any():
            parameter.set_data(Tensor(random.normal(scale=0.02, size=values.shape).astype(np.float32)))
