"""Convolutions by oneDNN in its own layouts, of two axes or three, as operators on x and their parameters.

MindSpore's convolutions on CPU keep plain layouts, for which oneDNN has no other way than a general matrix product.
Padding is (kernel - 1) // 2 on both sides of every axis. strides: one for each axis.
"""

from __future__ import annotations

from mindspore import nn

from src.ops.compiled.library import operator

# The operators find the stride from the sizes, which say it up to here alone.
_LARGEST_STRIDE = 2


def convolution(strides: tuple, biased: bool) -> nn.Cell | None:
    """Return the operator, or None where it does not know such strides."""
    if max(strides) > _LARGEST_STRIDE:
        return None
    return BiasedConvolution(strides) if biased else Convolution(strides)


class Convolution(nn.Cell):
    """(x, weight) -> y. x: (B, in, *size); weight: (out, in, *kernel); y: (B, out, *size')."""

    def __init__(self, strides: tuple):
        super().__init__()
        self.convolve = operator("Convolution", _size_of(strides))
        self.by_input = operator("ConvolutionByInput", lambda gradient, weight, x: x)
        self.by_weight = operator("ConvolutionByWeight", lambda x, gradient, weight: weight)

    def construct(self, x, weight):
        return self.convolve(x, weight)

    def bprop(self, x, weight, out, gradient):
        return self.by_input(gradient, weight, x), self.by_weight(x, gradient, weight)


class BiasedConvolution(nn.Cell):
    """(x, weight, bias) -> y. x: (B, in, *size); weight: (out, in, *kernel); bias: (out,); y: (B, out, *size')."""

    def __init__(self, strides: tuple):
        super().__init__()
        self.convolve = operator("Convolution", _size_of(strides))
        self.by_input = operator("ConvolutionByInput", lambda gradient, weight, x: x)
        self.by_parameters = operator(
            "ConvolutionByWeightAndBias", lambda x, gradient, weight: (weight, [weight[0]]), outputs=2
        )

    def construct(self, x, weight, bias):
        return self.convolve(x, weight, bias)

    def bprop(self, x, weight, bias, out, gradient):
        by_weight, by_bias = self.by_parameters(x, gradient, weight)
        return self.by_input(gradient, weight, x), by_weight, by_bias


class TransposedConvolution(nn.Cell):
    """(x, weight, bias) -> y, which multiplies every size by its stride: kernels of stride + 2, or 3 where that is 1.

    x: (B, in, *size); weight: (in, out, *kernel); bias: (out,).
    """

    def __init__(self, strides: tuple):
        super().__init__()

        def size(x, weight, bias):
            return [x[0], weight[1], *(length * stride for length, stride in zip(x[2:], strides))]

        self.spread = operator("TransposedConvolution", size)
        self.by_input = operator("Convolution", _size_of(strides))
        self.by_weight = operator("ConvolutionByWeight", lambda gradient, x, weight: weight)
        self.by_bias = operator("ByBias", lambda gradient: [gradient[1]])

    def construct(self, x, weight, bias):
        return self.spread(x, weight, bias)

    def bprop(self, x, weight, bias, out, gradient):
        return self.by_input(gradient, weight), self.by_weight(gradient, x, weight), self.by_bias(gradient)


def _size_of(strides):
    def size(x, weight, *bias):
        padded = [length + (kernel - 1) // 2 * 2 for length, kernel in zip(x[2:], weight[2:])]
        steps = [(length - kernel) // stride for length, kernel, stride in zip(padded, weight[2:], strides)]
        return [x[0], weight[0], *(count + 1 for count in steps)]

    return size
