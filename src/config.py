"""Commands and recipes as data: frozen dataclasses, filled from YAML and the command line, that refuse the unknown.

A flag beats the recipe's YAML, which beats the default. Every mistake is a `UsageError` that names the key and, where
one is near, the key that was probably meant.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import typing
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from src.errors import UsageError

DEVICES = ("CPU", "GPU", "Ascend")
AMP_LEVELS = ("O0", "O1")
# The rows of src/data/datasets.py.
ON_DISK = (
    "clips",
    "vimeo_triplet", "vimeo_septuplet", "vimeo_bi", "vimeo_bd", "gopro", "adobe240", "ucf101", "snu_film",
    "middlebury_other", "middlebury_eval", "davis", "vid4_bi", "vid4_bd", "spmcs_bi", "spmcs_bd", "reds",
)  # fmt: skip
DATASETS = ("synthetic", "shifts", *ON_DISK)
OPTIMIZERS = ("adamw", "adam")
SCHEDULES = ("cosine", "cosine_epochs", "steps", "plateau", "constant")
# Weights of a part of a network or of its loss, and the networks that have that part.
PART_WEIGHTS = {
    "flow_ckpt": ("toflow_vfi", "toflow_vsr_x4"),
    "encoder_ckpt": ("ifrplus",),
    "vgg_ckpt": ("ifrplus",),
    "lpips_ckpt": ("ifrplus",),
}
ROOT = Path(__file__).resolve().parent.parent
DEFAULT_RECIPE = "configs/ifrnet_s_synthetic.yaml"


def option(default, text: str, **metadata):
    """Return a dataclass field that becomes the flag of its own name, with `text` as its help.

    several=True: of a tuple of whole numbers, which the flag takes one after the other. A default of None is no value
    that could be given: it tells that none was.
    """
    return field(default=default, metadata={"help": text, **metadata})


@dataclass(frozen=True)
class Recipe:
    """What is trained or evaluated, on what, and how: keys of configs/*.yaml and flags of train.py and eval.py."""

    # Keys that this program has no use for: a recipe's file may hold them, a flag is refused.
    REFUSED_FLAGS = ()

    model: str = option("ifrnet_s", "network, one of the names in src/models")
    dataset: str = option(
        "synthetic", "generated motion, shifted frames, clips mixed with it, or a published dataset", choices=DATASETS
    )
    data_path: str = option("", "clips: a video, a folder of frames, or a folder of those; else the dataset's folder")
    split: str = option("", "published datasets: the part that is used (default: train to train, test to evaluate)")
    multi: int = option(8, "gopro, adobe240: frames become this many times as many", low=2)
    flow_path: str = option("", "vimeo_triplet: folder of the .flo files (default: flow in data_path)")
    on_bad_sample: str = option("fail", "published datasets: an unreadable sample", choices=("fail", "skip"))
    synthetic_share: float = option(0.5, "clips: the part of the samples that is generated", low=0, high=1)
    frame_step: int = option(1, "clips: only every so many-th frame is seen", low=1)
    augmentation: bool = option(True, "clips, published datasets: resize, mirror, turn, recolour samples")
    shorter_side: int = option(0, "clips: frames are shrunk to this shorter side in pixels; 0 leaves them", low=0)
    height: int = option(128, "height of a training sample's true image in pixels", low=32, multiple=16)
    width: int = option(128, "width of a training sample's true image in pixels", low=32, multiple=16)
    max_displacement: float = option(32.0, "generated motion: the largest displacement in pixels", low=0)
    time: str = option("middle", "generated motion: the time of the target", choices=("middle", "arbitrary"))
    batch_size: int = option(4, "samples a step", low=1)
    accumulate_steps: int = option(1, "batches whose gradients make one step", low=1)
    workers: int = option(1, "threads that make samples", low=1)
    max_steps: int = option(2000, "optimisation steps; 0 counts epochs instead", low=0)
    epochs: int = option(0, "passes over the training split, instead of max_steps", low=0)
    optimizer: str = option("adamw", "which form of Adam", choices=OPTIMIZERS)
    beta1: float = option(0.9, "decay of the gradients' mean", low=0, high=0.99999)
    beta2: float = option(0.999, "decay of the squared gradients' mean", low=0, high=0.99999)
    weight_decay: float = option(0.0, "decoupled in AdamW, added to the gradient in Adam", low=0)
    schedule: str = option("cosine", "how the rate falls; cosine_epochs moves once an epoch", choices=SCHEDULES)
    rate: float = option(2e-4, "learning rate at the start", low=0)
    rate_end: float = option(1e-5, "learning rate at the end of its cosine", low=0)
    warmup_steps: int = option(0, "steps over which the rate rises to its start", low=0)
    milestones: str = option("", "steps: after which steps the rate falls, separated by commas")
    decay: float = option(0.5, "steps, plateau: what the rate is multiplied by", low=0, high=1)
    patience: int = option(5, "plateau: validations in a row that may be no better before the rate falls", low=0)
    cooldown: int = option(0, "plateau: validations after a fall that are not counted", low=0)
    census_weight: float = option(1.0, "weight of the census loss", low=0)
    geometry_weight: float = option(0.01, "weight of the feature geometry consistency loss", low=0)
    distillation_weight: float = option(0.01, "weight of the flow distillation loss", low=0)
    robust_distillation: bool = option(True, "weigh the teacher's flow down where it is far from the network's own")
    alignment_weight: float = option(0.01, "weight of TDAN's loss of the aligned frames", low=0)
    perceptual_weight: float = option(0.1, "weight of IFR+'s perceptual loss", low=0)
    flow_weight: float = option(0.00178, "weight of IFR+'s loss of the taught flow", low=0)
    clip_norm: float = option(0.0, "largest norm of all gradients together; 0 leaves them", low=0)
    ema_decay: float = option(0.0, "how much a moving average of the weights keeps a step; 0 keeps none", low=0, high=1)
    amp_level: str = option("O0", "training, O1: convolutions multiply in half precision", choices=AMP_LEVELS)
    max_bad_steps: int = option(20, "steps in a row without finite gradients after which the run ends", low=1)
    val_steps: int = option(0, "steps between two validations; 0 makes none", low=0)
    val_dataset: str = option("", "dataset of the validation (default: that of the training)", choices=("", *DATASETS))
    val_path: str = option("", "its data_path (default: that of the training)")
    val_samples: int = option(0, "validate on so many samples, spread evenly; 0 takes all", low=0)
    early_stop: int = option(0, "validations without a better score after which the run ends; 0 never", low=0)
    save_steps: int = option(500, "steps between two checkpoints", low=1)
    sink_steps: int = option(0, "Ascend, GPU: steps that the device makes on its own between two reports", low=0)
    summary: bool = option(False, "write the metrics as MindSpore summary records too")
    initial_weights: str = option("published", "as the published code draws them, or He's", choices=("published", "he"))
    ckpt_path: str = option("", "weights to start from")
    flow_ckpt: str = option("", "TOFlow: weights of SPyNet to start the flow from")
    encoder_ckpt: str = option("", "IFR+: weights of ConvNeXt V2 femto to start the encoder from")
    vgg_ckpt: str = option("", "IFR+, lpips: weights of VGG-16 for the perceptual loss; none leave it out")
    lpips_ckpt: str = option("", "IFR+, lpips: weights of VGG-16's channels in that loss")
    protocol: str = option("", "evaluation: a card of configs/protocols and its dataset (default: the dataset's card)")
    lpips: bool = option(False, "evaluation: LPIPS too, by vgg_ckpt and lpips_ckpt")
    eval_samples: int = option(64, "generated motion: how many samples are evaluated", low=1)
    report: bool = option(False, "evaluation: write report.html with the worst and the best samples, to be looked at")
    output_path: str = option("", "output folder; evaluation replaces its files (default: outputs/train, outputs/eval)")
    seed: int = option(1, "seed of weights and data", low=0, high=2**32 - 1)
    device_target: str = option("CPU", "what it runs on", choices=DEVICES)
    device_id: int = option(0, "which of the devices", low=0)
    deterministic: bool = option(False, "repeat results bit by bit where the device has such kernels")
    memory_limit: float = option(0.0, "device memory in GB that may be used; 0 for all", low=0)
    compile_cache: str = option("", "folder that keeps compiled graphs for the next start")
    distribute: bool = option(False, "train together with the other workers that a launcher started")
    resume: bool = option(False, "training: go on with the run in output_path, or start it")
    overwrite: bool = option(False, "training: write into a folder that holds an earlier run")
    dry_run: bool = option(False, "training: print the recipe, the network's size, an estimate of its memory, and end")

    def __post_init__(self):
        check_values(self)
        _check_together(self)
        _check_sinking(self)

    @property
    def milestone_steps(self) -> tuple[int, ...]:
        """The steps that `milestones` lists. Raises UsageError unless they are whole numbers that rise from 1."""
        parts = [part.strip() for part in self.milestones.split(",")] if self.milestones.strip() else []
        steps = tuple(int(part) for part in parts if part.isdecimal())
        if len(steps) < len(parts) or any(here >= after for here, after in zip((0, *steps), steps)):
            raise UsageError(f"milestones are rising whole numbers, separated by commas; got {self.milestones!r}")
        return steps


def check_values(options) -> None:
    """Raise UsageError unless every value keeps to the choices, bounds and multiple of its field."""
    for each in dataclasses.fields(options):
        values = getattr(options, each.name)
        for value in values if each.metadata.get("several") else [values]:
            _check_value(each.name, value, each.metadata)


def parse_options(options_class, argv, description: str):
    """Fill a dataclass of options from the command line."""
    parser = _Parser(description=description, allow_abbrev=False)
    _add_flags(parser, options_class)
    return options_class(**vars(parser.parse_args(argv)))


def parse_recipe(argv, description: str, recipe_class=Recipe) -> Recipe:
    """Fill a `Recipe`, or a class that adds flags to it, from --config_path's YAML and the command line, which wins."""
    parser = _Parser(description=description, allow_abbrev=False)
    parser.add_argument("--config_path", default=DEFAULT_RECIPE, metavar="FILE", help="recipe (default: %(default)s)")
    _add_flags(parser, recipe_class)
    flags = vars(parser.parse_args(argv))
    for name in recipe_class.REFUSED_FLAGS:
        if name in flags and flags[name] != getattr(Recipe, name):
            raise UsageError(f"--{name} is for training alone; got {flags[name]}")
    return recipe_class(**_with_one_length({**read_recipe(flags.pop("config_path")), **flags}, flags))


def read_recipe(path: str) -> dict:
    """Read the values of a recipe file; a relative path is also looked up beside the program.

    Raises UsageError for a missing file, broken YAML, an unknown key or a value of the wrong type.
    """
    values = read_values(path, Recipe)
    return _with_one_length(values, values)


def read_values(path: str, options_class) -> dict:
    """Read fields of a dataclass from a YAML file, as `read_recipe` does those of a `Recipe`."""
    file = Path(path) if Path(path).exists() else ROOT / path
    if not file.is_file():
        raise UsageError(f"config_path is an existing YAML file; got {path!r}")
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(values, dict):
        raise UsageError(f"{path} holds 'key: value' lines; got a {type(values).__name__}")
    kinds = _kinds(options_class)
    for key, value in values.items():
        if key not in kinds:
            raise UsageError(f"{path}: unknown key {key!r}{near(key, kinds)}")
        values[key] = _typed(f"{path}: {key}", value, kinds[key])
    return values


def _check_value(name, value, rule):
    if value is None:
        return
    if "choices" in rule and value not in rule["choices"]:
        known = ", ".join(filter(None, rule["choices"]))
        raise UsageError(f"{name} is one of {known}; got {value!r}{near(value, rule['choices'])}")
    if "low" in rule and not value >= rule["low"]:
        raise UsageError(f"{name} is at least {rule['low']}; got {value}")
    if "high" in rule and not value <= rule["high"]:
        raise UsageError(f"{name} is at most {rule['high']}; got {value}")
    if "multiple" in rule and value % rule["multiple"]:
        raise UsageError(f"{name} is a multiple of {rule['multiple']}; got {value}")


def _check_together(recipe):
    """Raise UsageError where fields that are right alone do not fit together."""
    if not recipe.max_steps and not recipe.epochs:
        raise UsageError("max_steps is at least 1; got 0, and no epochs")
    if recipe.max_steps and recipe.epochs:
        raise UsageError(f"epochs needs max_steps 0; got epochs {recipe.epochs} and max_steps {recipe.max_steps}")
    if bool(recipe.milestone_steps) != (recipe.schedule == "steps"):
        raise UsageError(
            f"milestones goes with schedule steps; got milestones {recipe.milestones!r} and schedule {recipe.schedule}"
        )
    if recipe.schedule == "plateau" and not recipe.val_steps:
        raise UsageError("val_steps is at least 1 with schedule plateau, which looks at validations; got 0")
    for key, models in PART_WEIGHTS.items():
        measured = recipe.lpips and key in ("vgg_ckpt", "lpips_ckpt")
        if getattr(recipe, key) and recipe.model not in models and not measured:
            raise UsageError(f"{key} is for {', '.join(models)}; got model {recipe.model!r}")
    if recipe.initial_weights == "he" and not recipe.model.startswith("ifrnet"):
        raise UsageError(f"initial_weights he is for ifrnet_s, ifrnet, ifrnet_l; got model {recipe.model!r}")
    if bool(recipe.vgg_ckpt) != bool(recipe.lpips_ckpt):
        raise UsageError("vgg_ckpt and lpips_ckpt go together; got one of them")
    if recipe.lpips and not recipe.vgg_ckpt:
        raise UsageError("lpips needs vgg_ckpt and lpips_ckpt; got none")


def _check_sinking(recipe):
    """Raise UsageError unless everything that happens every so many steps happens between two sinks."""
    if not recipe.sink_steps:
        return
    if recipe.accumulate_steps > 1:
        raise UsageError(f"sink_steps goes with accumulate_steps 1; got {recipe.accumulate_steps}")
    for key in ("max_steps", "save_steps", "val_steps"):
        if getattr(recipe, key) % recipe.sink_steps:
            raise UsageError(f"{key} is a multiple of sink_steps {recipe.sink_steps}; got {getattr(recipe, key)}")


def _with_one_length(values, given):
    """Where the `given` values tell how long a run is, in steps or in epochs, set the other count to 0."""
    for key, other in (("max_steps", "epochs"), ("epochs", "max_steps")):
        if given.get(key) and not given.get(other):
            return {**values, other: 0}
    return values


def _typed(key, value, kind):
    # YAML reads 1e-4 as text, and Python takes True for 1
    if kind is float and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    if type(value) is not kind:
        raise UsageError(f"{key} is {_article(kind)}; got {value!r}")
    return value


def _article(kind):
    told = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", dict: "key: value lines"}
    return told[kind]


def _kinds(options_class):
    return typing.get_type_hints(options_class)


def near(word, known) -> str:
    """Return the end of a message that names the known word which was probably meant, if any."""
    match = difflib.get_close_matches(str(word), list(known), 1)
    return f", did you mean {match[0]!r}?" if match else ""


def _add_flags(parser, options_class):
    # Flags left out stay out of the result, so that the recipe or the dataclass provides the value.
    for each in dataclasses.fields(options_class):
        rule = each.metadata
        kind = int if rule.get("several") else _kinds(options_class)[each.name]
        names = [each.name] if rule.get("positional") else [f"--{each.name}"]
        settings = {"help": rule["help"]}
        if each.default not in ("", False, None):
            settings["help"] += f" (default: {each.default})".replace("%", "%%")
        if kind is bool:
            settings["action"] = argparse.BooleanOptionalAction
        else:
            settings.update(type=kind, metavar=each.name.upper() if rule.get("positional") else kind.__name__.upper())
            if "choices" in rule:
                settings["metavar"] = "|".join(filter(None, rule["choices"]))
            if rule.get("several"):
                settings["nargs"] = "+"
        if not rule.get("positional"):
            settings["required"] = bool(rule.get("required"))
        parser.add_argument(*names, default=argparse.SUPPRESS, **settings)


class _Parser(argparse.ArgumentParser):
    """Argument parser whose errors are `UsageError`s, unknown flags with the nearest known one."""

    def parse_args(self, args=None, namespace=None):
        known, rest = self.parse_known_args(args, namespace)
        if rest:
            flags = [flag for action in self._actions for flag in action.option_strings]
            word = rest[0].split("=")[0]
            raise UsageError(f"unknown argument {word!r}{near(word, flags)} (see --help)")
        return known

    def error(self, message):
        raise UsageError(f"{message} (see --help)")
