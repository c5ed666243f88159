"""The launchers: the ModelZoo's argument order, defaults for everything, the child's exit code."""

import pytest

TRAIN = [("run_standalone_train_cpu.sh", "CPU"), ("run_standalone_train_gpu.sh", "GPU"),
         ("run_standalone_train_ascend.sh", "Ascend")]  # fmt: skip
EVAL = [("run_eval_cpu.sh", "CPU"), ("run_eval_gpu.sh", "GPU"), ("run_eval_ascend.sh", "Ascend")]
LAUNCHERS = [script for script, _ in TRAIN + EVAL]


@pytest.fixture
def ready(project):
    """A project whose environment is complete, so that only the launched command is noted."""
    project.add_python("python3", "3.11")
    assert project.run("run_tests.sh").returncode == 0
    project.calls()
    (project.elsewhere / "my recipe.yaml").touch()
    (project.elsewhere / "my weights.ckpt").touch()
    return project


@pytest.mark.parametrize(("script", "target"), TRAIN)
def test_bare_training_takes_device_0_and_the_synthetic_recipe(ready, script, target):
    assert ready.run(script).returncode == 0
    assert ready.calls() == [
        f"python [{ready.root}/train.py] [--config_path] [{ready.root}/configs/ifrnet_s_synthetic.yaml]"
        f" [--device_target] [{target}] [--device_id] [0]"
    ]


@pytest.mark.parametrize(("script", "target"), TRAIN)
def test_training_takes_device_then_recipe_then_flags(ready, script, target):
    assert ready.run(script, "3", "my recipe.yaml", "--output_path", "a b").returncode == 0
    assert ready.calls() == [
        f"python [{ready.root}/train.py] [--config_path] [my recipe.yaml]"
        f" [--device_target] [{target}] [--device_id] [3] [--output_path] [a b]"
    ]


@pytest.mark.parametrize(("script", "target"), EVAL)
def test_bare_evaluation_takes_the_checkpoint_of_the_project(ready, script, target):
    assert ready.run(script).returncode == 0
    assert ready.calls() == [
        f"python [{ready.root}/eval.py] [--config_path] [{ready.root}/configs/ifrnet_s_synthetic.yaml]"
        f" [--device_target] [{target}] [--device_id] [0] [--ckpt_path] [{ready.root}/checkpoints/ifrnet_s.ckpt]"
    ]


@pytest.mark.parametrize(("script", "target"), EVAL)
def test_evaluation_takes_device_then_recipe_then_checkpoint_then_flags(ready, script, target):
    assert ready.run(script, "1", "my recipe.yaml", "my weights.ckpt", "--seed", "7").returncode == 0
    assert ready.calls() == [
        f"python [{ready.root}/eval.py] [--config_path] [my recipe.yaml]"
        f" [--device_target] [{target}] [--device_id] [1] [--ckpt_path] [my weights.ckpt] [--seed] [7]"
    ]


def test_evaluation_takes_the_url_of_published_weights(ready):
    address = "https://example.org/weights-0123abcd.pth"
    assert ready.run("run_eval_cpu.sh", "0", "my recipe.yaml", address).returncode == 0
    assert f"[--ckpt_path] [{address}]" in ready.calls()[0]


@pytest.mark.parametrize("script", LAUNCHERS)
def test_flags_may_follow_at_once_and_the_exit_code_of_the_child_comes_back(ready, script):
    assert ready.run(script, "--seed", "7", STUB_EXIT="7").returncode == 7
    assert "[--device_id] [0]" in ready.calls()[0]


@pytest.mark.parametrize("script", ["run_standalone_train_gpu.sh", "run_eval_cpu.sh"])
@pytest.mark.parametrize("arguments", [("first",), ("",), ("0", "absent.yaml"), ("0", "my recipe.yaml", "absent", "4")])
def test_wrong_arguments_print_the_usage_and_end_with_2(ready, script, arguments):
    done = ready.run(script, *arguments)
    assert done.returncode == 2
    assert f"usage: bash {script} [DEVICE_ID] [CONFIG_PATH]" in done.stderr
    assert ready.calls() == []


@pytest.mark.parametrize("script", LAUNCHERS)
def test_help_prints_the_usage_without_any_python(project, script):
    done = project.run(script, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: bash {script} [DEVICE_ID] [CONFIG_PATH]")


@pytest.mark.parametrize("script", [script for script in LAUNCHERS if "cpu" not in script])
def test_accelerators_use_the_mindspore_of_the_machine_where_there_is_one(project, script):
    project.add_python("python", "3.7", mindspore=True)
    assert project.run(script).returncode == 0
    assert len(project.calls()) == 1
    assert not (project.root / ".venv").exists()


@pytest.mark.parametrize("script", [script for script in LAUNCHERS if "cpu" in script])
def test_the_cpu_uses_the_environment_of_the_project(project, script):
    project.add_python("python", "3.11", mindspore=True)
    assert project.run(script).returncode == 0
    assert len(project.calls()) == 3
    assert (project.root / ".venv").exists()


def test_the_demo_doubles_the_named_video_into_outputs(ready):
    (ready.elsewhere / "my trip.day 1.mov").touch()
    done = ready.run("run_demo.sh", "my trip.day 1.mov")
    result = f"{ready.root}/outputs/my trip.day 1_2x.mp4"
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == f"Result: {result}"
    assert ready.calls() == [
        f"python [{ready.root}/infer.py] [my trip.day 1.mov] [--output_path] [{result}] [--model] [ifrnet_s]"
        " [--overwrite]"
    ]


def test_the_bare_demo_makes_its_own_sample(ready):
    assert ready.run("run_demo.sh").returncode == 0
    sample, demo = ready.calls()
    assert sample == f"python [{ready.root}/scripts/make_sample.py] [{ready.root}/outputs/sample.mp4]"
    assert f"[{ready.root}/outputs/sample_2x.mp4]" in demo


def test_the_demo_hands_back_the_exit_code_and_names_no_result(ready):
    (ready.elsewhere / "clip.mp4").touch()
    done = ready.run("run_demo.sh", "clip.mp4", STUB_EXIT="4")
    assert (done.returncode, done.stdout) == (4, "")


@pytest.mark.parametrize(("arguments", "code"), [(("absent.mp4",), 3), (("",), 3), (("a", "b"), 2), (("--fast",), 2)])
def test_the_demo_refuses_wrong_videos_before_any_set_up(project, arguments, code):
    done = project.run("run_demo.sh", *arguments)
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == (1 if code == 3 else 2)
    assert project.calls() == []
