"""bench.py edge: two sides that take turns; the program and the other Python are stubs that answer known times."""

import json
import sys

import pytest

from scripts import bench
from src.errors import EnvironmentFault, UsageError
from tests.runtime.exports import write_export

PROGRAM = """#!{python}
import sys
assert "--device_target=CPU" in sys.argv and "--bench=4" in sys.argv
print("latency: mean 9.00 ms, median 18.00 ms, fastest 1.00 ms over 4 runs after 3 of warm-up; CPU")
sys.exit({code})
"""
TORCH = """#!{python}
import sys
assert sys.argv[2:] == [{folder!r}, "ifrnet_s", "256", "448", sys.argv[6], "4"]
for line in sys.stdin:
    print("[20.0, 10.0, 90.0, 20.0]", flush=True)
"""


@pytest.fixture
def flags(tmp_path):
    def made(code=0, model="ifrnet_s"):
        texts = {"infer": PROGRAM.format(python=sys.executable, code=code),
                 "python": TORCH.format(python=sys.executable, folder=str(tmp_path))}  # fmt: skip
        for name, text in texts.items():
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        manifest = {"model": model, "inputs": [{"shape": [1, 3, 256, 448]}]}
        (tmp_path / "x.json").write_text(json.dumps(manifest))
        paths = {"mindir_path": "x.mindir", "program": "infer", "torch_python": "python", "upstream": ""}
        named = [f"--{name}={tmp_path / path}" for name, path in paths.items()]
        return ["edge", "--rounds", "3", "--runs", "4", *named]

    return made


def test_medians_and_their_ratio_stand_in_the_table(flags, capsys):
    bench.main(flags())
    assert capsys.readouterr().out.splitlines()[-1].split() == ["ifrnet_s", "256x448", "18.0", "20.0", "0.90x"]


def test_ours_stands_alone_where_there_is_no_upstream(flags, capsys):
    bench.main(flags()[:-1])
    assert capsys.readouterr().out.splitlines()[-1].split() == ["ifrnet_s", "256x448", "18.0", "-", "-"]


def test_failures_and_what_is_missing_are_told_in_one_line(flags, tmp_path):
    with pytest.raises(EnvironmentFault, match="the program ended with 5"):
        bench.main(flags(code=5))
    with pytest.raises(UsageError, match="is of tdan_x4"):
        bench.main(flags(model="tdan_x4"))
    with pytest.raises(UsageError, match="--mindir_path or --onnx_path is what export.py wrote"):
        bench.main(["edge"])
    with pytest.raises(UsageError, match="absent"):
        bench.main([*flags(), "--program", str(tmp_path / "absent")])


def test_openvino_takes_the_program_s_place_for_an_onnx_file(flags, tmp_path, capsys):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("openvino")
    shape, helper, kind = [1, 3, 16, 24], onnx.helper, onnx.TensorProto.FLOAT
    values = {name: helper.make_tensor_value_info(name, kind, shape) for name in ("frame0", "frame1", "frames")}
    added = helper.make_node("Add", ["frame0", "frame1"], ["frames"])
    graph = helper.make_graph([added], "sum", [values["frame0"], values["frame1"]], [values["frames"]])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)
    path = write_export(tmp_path / "sum.onnx", takes_time=False)
    path.write_bytes(model.SerializeToString())
    bench.main([*flags()[:-1], "--onnx_path", str(path)])
    network, size, ours, *alone = capsys.readouterr().out.splitlines()[-1].split()
    assert (network, size, alone) == ("ifrnet_s", "16x24", ["-", "-"])
    assert float(ours) >= 0
