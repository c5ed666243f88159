"""Train a network by a recipe: python train.py --config_path configs/ifrnet_s_synthetic.yaml --output_path OUT"""

from functools import partial
from pathlib import Path

from src.config import parse_recipe
from src.errors import run_command


def main(argv):
    recipe = parse_recipe(argv, description=__doc__)
    folder = Path(recipe.output_path or "outputs/train")

    from src.engine.device import start_device, worker_device
    from src.engine.outputs import check_folder, refuse_earlier_run

    if not recipe.dry_run:
        check_folder(folder)
        if not (recipe.overwrite or recipe.resume):
            refuse_earlier_run(folder, recipe.model)
    settings = recipe.deterministic, recipe.memory_limit, recipe.compile_cache
    start_device(recipe.device_target, worker_device(recipe), recipe.seed, *settings)

    from src.data import create_dataset, plain_errors
    from src.data.sources import bad_samples, learned_timestep, run_length, training_source
    from src.data.validation import validation_samples
    from src.engine.fit import fit
    from src.engine.outline import outline
    from src.engine.parallel import check_equal_weights, start_parallel
    from src.engine.start import load_start
    from src.engine.validation import Validation
    from src.losses.objectives import create_objective
    from src.models import create_model
    from src.models.initialise import initialise
    from src.ops.backend import default_forms
    from src.ops.precision import halve_convolutions
    from src.runtime.mindspore_graph import GraphPredictor

    workers = start_parallel(recipe)
    network = create_model(recipe.model)
    initialise(network, recipe.initial_weights, recipe.seed)
    objective = create_objective(network, recipe)
    load_start(network, objective, recipe)
    check_equal_weights(network, workers)
    source = training_source(recipe, objective.columns, workers.count, network.outputs)
    length = run_length(recipe, source, workers.count)
    timestep = learned_timestep(recipe, source, objective.columns)
    samples = validation_samples(recipe, network.inputs) if recipe.val_steps else None
    score = Validation(GraphPredictor(network, timestep), samples, workers) if recipe.val_steps else None
    if recipe.dry_run:
        print(outline(recipe, network, objective, length, workers.count, default_forms()))
        return
    if recipe.amp_level != "O0":
        halve_convolutions(network)
    dataset_from = partial(
        create_dataset, source, objective.columns, recipe.batch_size, recipe.workers, workers.count, workers.rank
    )
    folder.mkdir(parents=True, exist_ok=True)
    with plain_errors(source):
        checkpoint = fit(network, objective, dataset_from, length, recipe, folder, score, workers, timestep)
    if workers.writes:
        print(bad_samples(source) + bad_samples(samples, " of the validation") + f"weights: {checkpoint}")


if __name__ == "__main__":
    run_command(main)
