"""Operators compiled together: one graph gives the values and the gradients of many cases in both forms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import mindspore
import numpy as np
from mindspore import ParameterTuple, Tensor, nn

from src.ops.backend import compiled, fused, portable
from src.ops.compiled import library
from tests.reference import central_differences

REQUESTS = {"portable": portable, "fused": fused, "compiled": compiled}
FORMS = ("portable", "fused")
# of an operator that is compiled as well, where that can be had
ALL_FORMS = (*FORMS, "compiled") if library.is_available() else FORMS
VALUES = {"rtol": 1e-5, "atol": 1e-5}
GRADIENTS = {"rtol": 3e-5, "atol": 3e-5}


@dataclass(frozen=True)
class Case:
    """An operator to build, its inputs and parameters, and the reference, which takes both in this order.

    kinks: places, among inputs and parameters, where the case has no derivative: their gradients are not compared.
    """

    build: Callable
    reference: Callable
    inputs: Sequence
    parameters: Sequence = ()
    kinks: Sequence = ()

    @cached_property
    def arguments(self):
        return [np.asarray(value, np.float64) for value in (*self.inputs, *self.parameters)]

    @cached_property
    def output(self):
        return self.reference(*self.arguments)

    @cached_property
    def weights(self):
        """Return the random weights of the sum of the output that is differentiated."""
        return np.random.default_rng(1).normal(size=self.output.shape).astype(np.float32)

    @cached_property
    def gradients(self):
        return {
            position: central_differences(self.reference, self.arguments, position, self.weights)
            for position in range(len(self.arguments))
            if position not in self.kinks
        }


@dataclass(frozen=True)
class Measured:
    """What an operator gave: its output, and the gradients, by inputs, then parameters, of its weighted sum."""

    output: np.ndarray
    gradients: list


class Together(nn.Cell):
    """The sum of every output times its weights, and the outputs themselves."""

    def __init__(self, operators, input_counts):
        super().__init__()
        self.operators = nn.CellList(operators)
        self.input_counts = input_counts

    def construct(self, weights, *inputs):
        total = 0.0
        outputs = ()
        start = 0
        for i in range(len(self.input_counts)):
            output = self.operators[i](*inputs[start : start + self.input_counts[i]])
            start += self.input_counts[i]
            total = total + (output * weights[i]).sum()
            outputs = outputs + (output,)
        return total, outputs


def measure(cases: dict, forms: Sequence = FORMS) -> dict:
    """Return {(form, name): Measured} for every case in every form, out of one compiled graph."""
    keys = [(form, name) for form in forms for name in cases]
    operators = [_built(cases[name], form) for form, name in keys]
    counts = tuple(len(cases[name].inputs) for _, name in keys)
    network = Together(operators, counts)
    inputs = [Tensor(value) for _, name in keys for value in cases[name].inputs]
    parameters = [parameter for operator in operators for parameter in operator.get_parameters()]
    positions = tuple(range(1, len(inputs) + 1))
    differentiate = mindspore.value_and_grad(network, positions, ParameterTuple(parameters) or None, has_aux=True)
    (_, outputs), gradients = differentiate(tuple(Tensor(cases[name].weights) for _, name in keys), *inputs)
    by_input, by_parameter = (gradients, ()) if not parameters else gradients
    by_input, by_parameter = list(by_input), list(by_parameter)
    measured = {}
    for key, output, count in zip(keys, outputs, counts):
        parameter_count = len(cases[key[1]].parameters)
        own = by_input[:count] + by_parameter[:parameter_count]
        del by_input[:count], by_parameter[:parameter_count]
        measured[key] = Measured(output.asnumpy(), [value.asnumpy() for value in own])
    return measured


def assert_values(case: Case, measured: Measured):
    """Assert that the output is the reference's."""
    assert measured.output.shape == case.output.shape
    np.testing.assert_allclose(measured.output, case.output, **VALUES)


def assert_gradients(case: Case, measured: Measured):
    """Assert that the gradients are the reference's, by inputs and parameters."""
    assert len(measured.gradients) == len(case.arguments)
    for position, expected in case.gradients.items():
        np.testing.assert_allclose(
            measured.gradients[position], expected, **GRADIENTS, err_msg=f"by argument {position}"
        )


def between_pixels(random, shape, reach):
    """Return float32 displacements up to `reach` that stay 0.1 away from whole numbers, where bilinear has kinks."""
    return (random.integers(-reach, reach, shape) + random.uniform(0.1, 0.9, shape)).astype(np.float32)


def _built(case, form):
    with REQUESTS[form]():
        operator = case.build()
    for parameter, value in zip(operator.get_parameters(), case.parameters):
        assert parameter.shape == value.shape
        parameter.set_data(Tensor(value))
    return operator
