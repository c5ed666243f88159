"""What a recipe trains on: generated motion, alone or mixed with real clips."""

from __future__ import annotations

from src.data import COLUMNS, Mixture
from src.data.clips import ClipTriplets, read_clip
from src.data.datasets import DATASETS, dataset_named, find_entries
from src.data.folders import find_clips
from src.data.samples import EntrySamples
from src.data.shifts import GlobalShifts
from src.data.synthetic import SyntheticMotion
from src.errors import UsageError

GENERATED = ("synthetic", "shifts", "clips")  # triplets of COLUMNS
MIDDLE = 0.5


def training_source(recipe, columns=COLUMNS, worker_count: int = 1, outputs: int = 1):
    """Return the random-access source of samples that a recipe asks for, one for every sample of the whole run.

    columns: those that the objective needs; a published dataset gives no others. worker_count: how many workers take
    batch_size samples each for a batch. outputs: how many frames the network returns. Raises UsageError when clips are
    asked for and none are given, a dataset has no training split, or its samples have another number of true frames
    than a network that takes no time returns, or it is to learn arbitrary times; InputError when something cannot be
    read.
    """
    if recipe.time == "arbitrary" and "time" not in columns:
        raise UsageError(f"time arbitrary is for networks that take a time, which {recipe.model} does not")
    if recipe.dataset not in GENERATED:
        return _dataset_source(recipe, columns, worker_count, outputs)
    if not recipe.max_steps:
        raise UsageError(f"epochs count passes over a published dataset; {recipe.dataset} needs max_steps, got epochs")
    size, length = (recipe.height, recipe.width), recipe.max_steps * samples_per_step(recipe, worker_count)
    if recipe.dataset == "shifts":
        clips = (read_clip(clip, recipe.shorter_side)[:: recipe.frame_step] for clip in find_clips(recipe.data_path))
        pictures = [frame for clip in clips for frame in clip]
        return GlobalShifts(pictures, size, length, recipe.seed, recipe.max_displacement)
    generated = SyntheticMotion(size, length, recipe.seed, recipe.max_displacement, recipe.time)
    if recipe.dataset == "synthetic":
        return generated
    clips = ClipTriplets(
        find_clips(recipe.data_path),
        size,
        length,
        recipe.seed,
        recipe.shorter_side,
        recipe.frame_step,
        recipe.augmentation,
    )
    return Mixture([generated, clips], [recipe.synthetic_share, 1 - recipe.synthetic_share], recipe.seed)


def samples_per_step(recipe, worker_count: int = 1) -> int:
    """Return how many samples all workers together take for one optimisation step."""
    return recipe.batch_size * recipe.accumulate_steps * worker_count


def run_length(recipe, source, worker_count: int = 1) -> tuple[int, int]:
    """Return (steps of the whole run, steps of an epoch) over a source; generated data is one epoch."""
    samples = samples_per_step(recipe, worker_count)
    epoch = len(source.entries) if isinstance(source, EntrySamples) else len(source)
    return len(source) // samples, max(epoch // samples, 1)


def learned_timestep(recipe, source, columns) -> str:
    """Return the times that a recipe's source teaches, as a checkpoint's card tells them: "fixed" or "arbitrary".

    columns: those that the objective needs. What never sees a target away from the middle knows the middle alone.
    """
    if isinstance(source, EntrySamples):
        is_varied = any(time != MIDDLE for entry in source.entries for time in entry.times)
    else:
        generated_share = {"synthetic": 1, "clips": recipe.synthetic_share}.get(recipe.dataset, 0)
        is_varied = recipe.time == "arbitrary" and generated_share > 0
    return "arbitrary" if is_varied and "time" in columns else "fixed"


def bad_samples(source, of: str = "") -> str:
    """Return a line that says how many of a source's samples were skipped, and names the first; empty when none."""
    report = source.report() if hasattr(source, "report") else ""
    return f"bad samples{of}: {report}\n" if report else ""


def entries_of(recipe, split: str, inputs: int, borders: str = "mirrored") -> list:
    """Index a split of a recipe's dataset for a network of so many inputs; see `src.data.datasets.find_entries`."""
    options = {"flow_path": recipe.flow_path, "multi": recipe.multi, "inputs": inputs, "borders": borders}
    return find_entries(recipe.dataset, recipe.data_path, split, **options)


def _dataset_source(recipe, columns, worker_count, outputs):
    row = dataset_named(recipe.dataset)
    split = recipe.split or "train"
    if split not in row.splits:
        trained = ", ".join(name for name, each in DATASETS.items() if "train" in each.splits)
        raise UsageError(f"a dataset to train on has a split {split!r}, as {trained} have; got {recipe.dataset}")
    entries = entries_of(recipe, split, sum(name.startswith("frame") for name in columns))
    if "target" in columns and "time" not in columns:
        _check_targets(recipe, entries, outputs)
    samples = samples_per_step(recipe, worker_count)
    steps = recipe.max_steps or recipe.epochs * max(len(entries) // samples, 1)
    return EntrySamples(
        entries,
        columns,
        (recipe.height, recipe.width),
        steps * samples,
        recipe.seed,
        row.changes if recipe.augmentation else None,
        on_bad_sample=recipe.on_bad_sample,
    )


def _check_targets(recipe, entries, outputs):
    # arrays of other numbers broadcast: one frame would be held against every true one
    met = next((len(entry.targets) for entry in entries if len(entry.targets) != outputs), outputs)
    if met != outputs:
        remedy = f"; give multi {outputs + 1}" if "multi" in dataset_named(recipe.dataset).options else ""
        raise UsageError(
            f"{recipe.model} returns {outputs} frame{'s' * (outputs > 1)}, which samples with as many true frames "
            f"train; got {met} in those of {recipe.dataset}{remedy}"
        )
