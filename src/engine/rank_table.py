"""Rank tables of Ascend's collective communication (HCCL), version 1.0: which worker runs on which device."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from src.errors import EnvironmentFault, UsageError

NETWORK_CARDS = Path("/etc/hccn.conf")
THIS_MACHINE = "127.0.0.1"


def local_ranks(path: str) -> tuple[dict, int]:
    """Return {rank: device} of the workers on this machine, in the order of ranks, and the number of all workers.

    A table of several machines names each by an address. Raises UsageError for a file that is not a rank table, or one
    that this machine does not stand in.
    """
    try:
        servers = json.loads(Path(path).read_text(encoding="utf-8"))["server_list"]
        tables = [
            (server["server_id"], {int(each["rank_id"]): int(each["device_id"]) for each in server["device"]})
            for server in servers
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path} is a rank table: JSON with server_list, device, rank_id and device_id; got {error!r}"
        ) from error
    size = sum(len(ranks) for _, ranks in tables)
    local = [ranks for address, ranks in tables if len(tables) == 1 or _is_local(address)]
    if not local or not local[0]:
        raise UsageError(f"{path} names devices of this machine; got the machines {[each for each, _ in tables]}")
    return dict(sorted(local[0].items())), size


def write_rank_table(path: Path, count: int, network_cards: Path = NETWORK_CARDS) -> Path:
    """Write the rank table of the first `count` devices of this machine and return its path.

    network_cards: the file of `address_DEVICE=IP` lines that the Ascend driver keeps. Raises EnvironmentFault when it
    is missing or knows fewer devices.
    """
    try:
        lines = network_cards.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise EnvironmentFault(
            f"without msrun, workers on Ascend need {network_cards} of the driver or a RANK_TABLE_FILE; "
            f"got {error.strerror}"
        ) from error
    pairs = (line.split("=", 1) for line in lines if line.startswith("address_") and "=" in line)
    cards = sorted((int(name[len("address_") :]), address.strip()) for name, address in pairs)
    if len(cards) < count:
        raise EnvironmentFault(f"{network_cards} knows at least the {count} devices asked for; got {len(cards)}")
    devices = [
        {"device_id": str(device), "device_ip": address, "rank_id": str(rank)}
        for rank, (device, address) in enumerate(cards[:count])
    ]
    server = {"server_id": THIS_MACHINE, "device": devices, "host_nic_ip": "reserve"}
    table = {"version": "1.0", "server_count": "1", "server_list": [server], "status": "completed"}
    temporary = path.with_name(f".{path.name}.unfinished")
    temporary.write_text(json.dumps(table, indent=2), encoding="utf-8")
    os.replace(temporary, path)
    return path


def _is_local(address: str) -> bool:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
