"""Evaluate a network: python eval.py --config_path configs/ifrnet_vimeo.yaml --data_path D --ckpt_path W"""

import dataclasses
from pathlib import Path

from src.config import parse_recipe
from src.errors import PartialError, run_command
from src.protocols import choose_protocol
from src.runtime.options import EvalOptions


def main(argv):
    recipe = parse_recipe(argv, __doc__, EvalOptions)
    protocol, recipe = choose_protocol(recipe)
    folder = Path(recipe.output_path or "outputs/eval")

    from src.engine.device import start_device, worker_device
    from src.engine.outputs import check_folder

    check_folder(folder)
    device = worker_device(recipe)
    settings = {key: getattr(recipe, key) for key in ("deterministic", "memory_limit", "compile_cache")}
    start_device(recipe.device_target, device, **settings)

    from src.data.evaluation import evaluation_cases
    from src.data.submission import Submission
    from src.engine.evaluate import Evaluation, evaluate
    from src.engine.parallel import start_parallel
    from src.engine.results import failures, summary, table
    from src.engine.start import load_perceptual
    from src.losses.perceptual import PerceptualDistance
    from src.models import has_option
    from src.report.examples import Examples, gathered_examples
    from src.report.page import write_report
    from src.runtime.choice import choose_predictor
    from src.runtime.margins import WithMargins
    from src.runtime.mindspore_distance import GraphDistance

    workers = start_parallel(recipe)
    scale = {"flow_scale": protocol.flow_scale} if has_option(recipe.model, "flow_scale") else {}
    predictor = choose_predictor(dataclasses.replace(recipe, device_id=device), **scale)
    predictor.clips = protocol.clipped
    cases = evaluation_cases(recipe, predictor.inputs, protocol.borders, protocol.size("view"))
    predictor = WithMargins(predictor, **protocol.padding())
    distance = None
    if recipe.lpips:
        distance = GraphDistance(PerceptualDistance(as_published=True))
        load_perceptual(distance.network, recipe.vgg_ckpt, recipe.lpips_ckpt)
    told = {**protocol.told(), "flow_scale": scale.get("flow_scale", 1.0)}
    facts = {key: getattr(recipe, key) for key in ("model", "runtime", "precision", "dataset")}
    facts.update(protocol=told, **protocol.compared(recipe))
    observer = Submission(folder / "submission", protocol.submission) if protocol.submission else None
    if recipe.report and observer is None:
        observer = Examples()
    results = evaluate(Evaluation(predictor, protocol, distance), cases, folder, facts, workers, observer)
    if not workers.writes:
        return
    print(table(results))
    if recipe.report:
        print(f"report: {write_report(folder, results, gathered_examples(folder, workers.count))}")
    print(f"{recipe.model} on {protocol.title}: {summary(results)}: {folder}")
    if results["failed"]:
        first = "; ".join(failures(results)[:8])
        raise PartialError(f"{len(results['failed'])} samples failed, listed in {folder / 'results.md'}: {first}")


if __name__ == "__main__":
    run_command(main)
