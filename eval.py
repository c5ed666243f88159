"""Evaluate a network: python eval.py --config_path configs/ifrnet_s_synthetic.yaml --ckpt_path W --output_path R"""

from pathlib import Path

from src.config import parse_recipe
from src.errors import run_command


def main(argv):
    recipe = parse_recipe(argv, description=__doc__)
    folder = Path(recipe.output_path or "outputs/eval")

    from src.data.evaluation import evaluation_samples, protocol_of
    from src.engine.evaluate import evaluate, table
    from src.report.examples import Examples
    from src.report.page import write_report
    from src.runtime.mindspore_graph import load_predictor

    predictor = load_predictor(recipe.model, recipe.ckpt_path, recipe.device_target, recipe.device_id)
    samples = evaluation_samples(recipe, predictor.inputs)
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"model": recipe.model, "dataset": recipe.dataset, "protocol": protocol_of(recipe)}
    examples = Examples() if recipe.report else None
    results = evaluate(predictor, samples, folder, facts, observer=examples)
    print(table(results))
    if examples:
        print(f"report: {write_report(folder, results, examples)}")
    print(f"psnr {results['psnr']:.3f} dB, ssim {results['ssim']:.4f} over {results['samples']} samples: {folder}")


if __name__ == "__main__":
    run_command(main)
