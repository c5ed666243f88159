"""The arguments of infer.py --serve."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass

from src.config import DEVICES, check_values, option
from src.errors import UsageError

SHIPPED = "ifrnet_s"


@dataclass(frozen=True)
class ServeOptions:
    """Where the page is found, and what it offers."""

    serve: bool = option(True, "work from a page in the browser; TMPDIR says where its files lie meanwhile")
    host: str = option("127.0.0.1", "address to listen on; any but this machine's own lets others use the page")
    port: int = option(7860, "port to listen on; 0 takes a free one", low=0, high=65535)
    weights: str = option("", f"networks besides {SHIPPED}: NAME=FILE, separated by commas, as tdan_x4=tdan.ckpt")
    device_target: str = option("CPU", "what networks run on", choices=DEVICES)
    device_id: int = option(0, "which of the devices", low=0)

    def __post_init__(self):
        check_values(self)
        self.networks()

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine reaches the page."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def networks(self) -> dict[str, str]:
        """Return {network: its weights, "" for the shipped ones}. Raises UsageError for what names no file."""
        networks = {SHIPPED: ""}
        for each in filter(None, (part.strip() for part in self.weights.split(","))):
            name, _, file = each.partition("=")
            if not name or not file:
                raise UsageError(f"weights is NAME=FILE, separated by commas; got {each!r}")
            if "://" not in file and not os.path.isfile(file):
                raise UsageError(f"weights of {name} are a file or a URL; there is none at {file!r}")
            networks[name] = file
        return networks
