"""Evaluate a network: python eval.py --config_path configs/ifrnet_s_synthetic.yaml --ckpt_path W --output_path R"""

from pathlib import Path

from src.config import parse_recipe
from src.errors import run_command
from src.runtime.options import Evaluation


def main(argv):
    recipe = parse_recipe(argv, __doc__, Evaluation)
    folder = Path(recipe.output_path or "outputs/eval")

    from src.data.evaluation import evaluation_samples, protocol_of
    from src.engine.evaluate import evaluate, table
    from src.runtime.choice import choose_predictor

    predictor = choose_predictor(recipe)
    samples = evaluation_samples(recipe, predictor.inputs)
    folder.mkdir(parents=True, exist_ok=True)
    facts = {key: getattr(recipe, key) for key in ("model", "runtime", "precision", "dataset")}
    facts["protocol"] = protocol_of(recipe)
    results = evaluate(predictor, samples, folder, facts)
    print(table(results))
    print(f"psnr {results['psnr']:.3f} dB, ssim {results['ssim']:.4f} over {results['samples']} samples: {folder}")


if __name__ == "__main__":
    run_command(main)
