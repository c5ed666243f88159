"""Rank tables of Ascend: read for this machine alone, written from what the driver knows, refused when they are not."""

import json

import pytest

from src.engine.rank_table import local_ranks, write_rank_table
from src.errors import EnvironmentFault, UsageError


def table_of(path, **servers):
    """Write a table of {address: [(rank, device)]}, the address with _ for dots."""
    listed = [
        {"server_id": name.strip("_").replace("_", "."), "device": [
            {"rank_id": str(rank), "device_id": str(device), "device_ip": "192.168.1.1"} for rank, device in ranks
        ]}
        for name, ranks in servers.items()
    ]  # fmt: skip
    path.write_text(json.dumps({"version": "1.0", "server_list": listed, "status": "completed"}))
    return str(path)


def test_a_table_of_one_machine_starts_all_its_workers_whatever_its_address(tmp_path):
    path = table_of(tmp_path / "table.json", _203_0_113_9=[(1, 5), (0, 4)])
    assert list(local_ranks(path)[0].items()) == [(0, 4), (1, 5)]
    assert local_ranks(path)[1] == 2


def test_of_several_machines_only_this_ones_workers_are_started(tmp_path):
    path = table_of(tmp_path / "table.json", _203_0_113_9=[(0, 0), (1, 1)], _127_0_0_1=[(2, 0), (3, 1)])
    assert local_ranks(path) == ({2: 0, 3: 1}, 4)


def test_a_table_that_this_machine_does_not_stand_in_names_its_machines(tmp_path):
    path = table_of(tmp_path / "table.json", _203_0_113_9=[(0, 0)], _203_0_113_10=[(1, 0)])
    with pytest.raises(UsageError, match="203.0.113.9"):
        local_ranks(path)


@pytest.mark.parametrize("text", ["not JSON", "[]", "{}", '{"server_list": [{"server_id": "a"}]}'])
def test_anything_else_is_refused(text, tmp_path):
    (tmp_path / "table.json").write_text(text)
    with pytest.raises(UsageError, match="is a rank table"):
        local_ranks(str(tmp_path / "table.json"))


def test_the_written_table_has_the_first_devices_with_the_addresses_of_the_driver(tmp_path):
    cards = tmp_path / "hccn.conf"
    cards.write_text("address_1=192.168.1.11\nnetmask_1=255.255.255.0\naddress_0=192.168.1.10\naddress_10=192.168.1.20\n")
    path = write_rank_table(tmp_path / "table.json", 2, cards)
    assert local_ranks(str(path)) == ({0: 0, 1: 1}, 2)
    server = json.loads(path.read_text())["server_list"][0]
    assert [each["device_ip"] for each in server["device"]] == ["192.168.1.10", "192.168.1.11"]
    assert [each.name for each in tmp_path.iterdir() if each != cards] == ["table.json"]


def test_more_devices_than_the_driver_knows_are_refused(tmp_path):
    (tmp_path / "hccn.conf").write_text("address_0=192.168.1.10\n")
    with pytest.raises(EnvironmentFault, match="at least the 2 devices asked for; got 1"):
        write_rank_table(tmp_path / "table.json", 2, tmp_path / "hccn.conf")


def test_without_the_driver_a_table_has_to_be_given(tmp_path):
    with pytest.raises(EnvironmentFault, match="or a RANK_TABLE_FILE; got No such file"):
        write_rank_table(tmp_path / "table.json", 2, tmp_path / "hccn.conf")
