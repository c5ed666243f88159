"""Train a network by a recipe: python train.py --config_path configs/ifrnet_s_synthetic.yaml --output_path OUT"""

from pathlib import Path

from src.config import parse_recipe
from src.errors import UsageError, run_command


def main(argv):
    recipe = parse_recipe(argv, description=__doc__)
    folder = Path(recipe.output_path or "outputs/train")
    if (folder / "metrics.jsonl").exists() and not recipe.overwrite:
        raise UsageError(f"{folder} holds an earlier run; give another --output_path, or --overwrite")

    from src.engine.device import start_device

    start_device(recipe.device_target, recipe.device_id, recipe.seed)

    from src.data import create_dataset, plain_errors
    from src.data.sources import bad_samples, training_source
    from src.engine.checkpoint import load_weights
    from src.engine.fit import fit
    from src.losses.ifrnet import IFRNetLoss
    from src.models import create_model
    from src.models.initialise import he_normal

    network = create_model(recipe.model)
    if recipe.initial_weights == "he":
        he_normal(network, recipe.seed)
    folder.mkdir(parents=True, exist_ok=True)
    if recipe.ckpt_path:
        load_weights(network, recipe.ckpt_path, recipe.model)
    objective = IFRNetLoss(
        network,
        recipe.census_weight,
        recipe.geometry_weight,
        recipe.distillation_weight,
        recipe.robust_distillation,
    )
    source = training_source(recipe, objective.columns)
    dataset = create_dataset(source, objective.columns, recipe.batch_size, recipe.workers)
    with plain_errors(source):
        checkpoint = fit(network, objective, dataset, recipe, folder)
    if bad_samples(source):
        print(f"bad samples: {bad_samples(source)}")
    print(f"weights: {checkpoint}")


if __name__ == "__main__":
    run_command(main)
