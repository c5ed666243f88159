"""Evaluate a network: python eval.py --config_path configs/ifrnet_vimeo.yaml --data_path D --ckpt_path W --output_path R"""

from pathlib import Path

from src.config import parse_recipe
from src.errors import PartialError, run_command
from src.protocols import choose_protocol


def main(argv):
    recipe = parse_recipe(argv, description=__doc__)
    protocol, recipe = choose_protocol(recipe)
    folder = Path(recipe.output_path or "outputs/eval")

    from src.engine.device import start_device, worker_device

    start_device(recipe.device_target, worker_device(recipe))

    from src.data.evaluation import evaluation_cases
    from src.data.submission import Submission
    from src.engine.evaluate import Evaluation, evaluate
    from src.engine.lpips import load_lpips
    from src.engine.parallel import start_parallel
    from src.engine.results import summary, table
    from src.runtime.mindspore_graph import load_predictor
    from src.runtime.padded import Padded

    workers = start_parallel(recipe)
    predictor = load_predictor(
        recipe.model, recipe.ckpt_path, recipe.device_target, worker_device(recipe), protocol.clipped, protocol.flow_scale
    )
    cases = evaluation_cases(recipe, predictor.inputs, protocol.borders, protocol.size("view"))
    if protocol.pad_multiple or protocol.pad_size:
        sides, values = protocol.pad_sides == "both", protocol.pad_values == "zero"
        predictor = Padded(predictor, protocol.pad_multiple or 1, protocol.size("pad_size"), sides, values)
    distance = load_lpips(recipe.vgg_ckpt, recipe.lpips_ckpt) if recipe.lpips else None
    facts = {"model": recipe.model, "dataset": recipe.dataset, "protocol": protocol.told(), **protocol.compared(recipe)}
    observer = Submission(folder / "submission", protocol.submission) if protocol.submission else None
    evaluation = Evaluation(predictor, protocol, distance)
    results = evaluate(evaluation, cases, folder, facts, workers, observer)
    if not workers.writes:
        return
    print(table(results))
    print(f"{recipe.model} on {protocol.title}: {summary(results)}: {folder}")
    if results["failed"]:
        told = "; ".join(f"{each['group']}/{each['name']}: {each['error']}" for each in results["failed"][:8])
        raise PartialError(f"{len(results['failed'])} samples failed, listed in {folder / 'results.md'}: {told}")


if __name__ == "__main__":
    run_command(main)
