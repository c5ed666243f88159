"""Data-parallel training: every worker holds the network, sees its share of the samples, and averages the gradients.

A worker is a process that msrun, mpirun or a rank table start began; scripts/run_distribute_train_*.sh do so.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass

import numpy as np
from mindspore import ParallelMode, Tensor, communication, nn, ops, set_auto_parallel_context
from mindspore.communication import GlobalComm

from src.errors import EnvironmentFault, UsageError, WeightsError

# What a launcher leaves in a worker's environment: msrun, Open MPI, a start by rank table.
LAUNCHED = ("MS_ROLE", "OMPI_COMM_WORLD_RANK", "RANK_TABLE_FILE")


@dataclass(frozen=True)
class Workers:
    """The place of this process among those that train together: rank lies in 0 to count - 1."""

    rank: int = 0
    count: int = 1

    @property
    def writes(self) -> bool:
        """Whether this is the one that writes files and shows progress."""
        return self.rank == 0


ALONE = Workers()


def start_parallel(recipe) -> Workers:
    """Join the workers of a distributed run, after `start_device`; return the place of this process among them.

    A recipe without `distribute` is a run of one. Raises UsageError when no launcher started this process,
    EnvironmentFault when the workers do not find each other.
    """
    if not recipe.distribute:
        return ALONE
    if not any(name in os.environ for name in LAUNCHED):
        script = f"scripts/run_distribute_train_{recipe.device_target.lower()}.sh"
        raise UsageError(f"distribute needs workers that a launcher started (bash {script}); got a single process")
    try:
        communication.init()
        workers = Workers(communication.get_rank(), communication.get_group_size())
    except (RuntimeError, ValueError, TypeError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise EnvironmentFault(f"the workers of this run do not reach each other: {reason}") from error
    set_auto_parallel_context(parallel_mode=ParallelMode.DATA_PARALLEL, gradients_mean=True)
    return workers


def gradient_average(parameters, workers: Workers):
    """Return a Cell that maps the gradients of `parameters` to their mean over all workers; a run of one keeps them."""
    if workers.count == 1:
        return nn.Identity()
    return nn.DistributedGradReducer(parameters, mean=True, degree=workers.count)


class ScalarAverage(nn.Cell):
    """Means over all workers of a tuple of float32 scalars, by one exchange."""

    def __init__(self, workers: Workers):
        super().__init__()
        self.alone = workers.count == 1
        self.share = 1.0 / workers.count
        self.sum = None if self.alone else ops.AllReduce(ops.ReduceOp.SUM, GlobalComm.WORLD_COMM_GROUP)

    def construct(self, scalars):
        if self.alone:
            return scalars
        means = self.sum(ops.stack(scalars)) * self.share
        return ops.unstack(means)


class _Sum(nn.Cell):
    def __init__(self):
        super().__init__()
        self.sum = ops.AllReduce(ops.ReduceOp.SUM, GlobalComm.WORLD_COMM_GROUP)

    def construct(self, values):
        return self.sum(values)


def gather(values, workers: Workers) -> np.ndarray:
    """Return the arrays of all workers, which are of one shape, stacked in the order of ranks: (count, *shape) float64.

    48 of the 53 bits of each value are kept: devices without double precision exchange the leading and the remaining
    bits. Everyone adds to zeros at a place of its own, which is exact.
    """
    values = np.asarray(values, np.float64)
    if workers.count == 1:
        return values[None]
    parts = np.zeros((workers.count, 2, *values.shape), np.float32)
    parts[workers.rank, 0] = values
    parts[workers.rank, 1] = values - parts[workers.rank, 0]
    return _Sum()(Tensor(parts)).asnumpy().astype(np.float64).sum(axis=1)


def average_scores(values, weights, workers: Workers) -> np.ndarray:
    """Return the weighted mean of scores over the samples of all workers.

    values: (samples, measures) of this worker, perhaps none; weights: (samples,). Returns (measures,) float64, equal on
    every worker. Raises UsageError when the weights of all workers add up to zero.
    """
    values, weights = np.asarray(values, np.float64), np.asarray(weights, np.float64)
    summed = gather(np.append(weights @ values, weights.sum()), workers).sum(axis=0)
    if not summed[-1] > 0:
        raise UsageError(f"scores are averaged with weights that add up to more than 0; got {summed[-1]}")
    return summed[:-1] / summed[-1]


def barrier(workers: Workers) -> None:
    """Wait until every worker is here."""
    gather(np.ones(1), workers)


def check_equal_weights(network, workers: Workers) -> None:
    """Raise WeightsError, on every worker, unless all of them hold the same parameters bit by bit."""
    checksum = 0
    for _, parameter in network.parameters_and_names():
        checksum = zlib.crc32(np.ascontiguousarray(parameter.asnumpy()).tobytes(), checksum)
    sums = gather(checksum, workers)
    strangers = [rank for rank in range(workers.count) if sums[rank] != sums[0]]
    if strangers:
        raise WeightsError(
            f"all workers hold equal weights; got other ones than worker 0's on worker {', '.join(map(str, strangers))}"
        )
