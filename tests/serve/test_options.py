import pytest

from src.errors import UsageError
from src.serve.options import ServeOptions


def test_networks_are_the_shipped_one_and_those_given(tmp_path):
    (tmp_path / "a.ckpt").touch()
    options = ServeOptions(weights=f"tdan_x4={tmp_path}/a.ckpt, toflow_vfi=https://host/x.pth")
    assert options.networks() == {
        "ifrnet_s": "",
        "tdan_x4": f"{tmp_path}/a.ckpt",
        "toflow_vfi": "https://host/x.pth",
    }


@pytest.mark.parametrize("weights", ["tdan_x4", "=x", "tdan_x4=", "tdan_x4=/no/such/file"])
def test_weights_that_name_no_file_are_refused(weights):
    with pytest.raises(UsageError, match="weights"):
        ServeOptions(weights=weights)


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("127.0.0.1", True), ("127.0.0.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("pc", False)],
)
def test_only_addresses_of_the_machine_itself_are_local(host, is_local):
    assert ServeOptions(host=host).is_local == is_local
