"""Train a network by a recipe: python train.py --config_path configs/ifrnet_s_synthetic.yaml --output_path OUT"""

from pathlib import Path

from src.config import parse_recipe
from src.errors import UsageError, run_command


def main(argv):
    recipe = parse_recipe(argv, description=__doc__)
    folder = Path(recipe.output_path or "outputs/train")
    if (folder / "metrics.jsonl").exists() and not recipe.overwrite:
        raise UsageError(f"{folder} holds an earlier run; give another --output_path, or --overwrite")

    from src.engine.device import start_device, worker_device

    start_device(
        recipe.device_target, worker_device(recipe), recipe.seed,
        recipe.deterministic, recipe.memory_limit, recipe.compile_cache,
    )  # fmt: skip

    from src.data import create_dataset
    from src.data.sources import training_source
    from src.engine.checkpoint import load_weights
    from src.engine.fit import fit
    from src.engine.parallel import check_equal_weights, start_parallel
    from src.losses.ifrnet import IFRNetLoss
    from src.models import create_model
    from src.models.initialise import he_normal

    workers = start_parallel(recipe)
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
    check_equal_weights(network, workers)
    dataset = create_dataset(
        training_source(recipe, workers.count), objective.columns, recipe.batch_size, recipe.workers,
        num_shards=workers.count, shard_id=workers.rank,
    )  # fmt: skip
    if workers.count > 1:
        shard = f"{dataset.get_dataset_size()} steps of {recipe.batch_size} samples of its own"
        print(f"worker {workers.rank} of {workers.count}: {shard}", flush=True)
    checkpoint = fit(network, objective, dataset, recipe, folder, workers)
    if workers.writes:
        print(f"weights: {checkpoint}")


if __name__ == "__main__":
    run_command(main)
