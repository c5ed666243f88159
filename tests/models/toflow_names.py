"""Factors that make the formula weights of TOFlow and SPyNet move pixels."""

from __future__ import annotations

import re
from collections.abc import Iterable

_FLOW_OUTPUT = re.compile(r"basic_module\.\d\.basic_module\.4\.conv\.")
_FRAME_OUTPUT = re.compile(r"(resnet\.res_block\.4|conv4)\.")



def official_toflow_scales(names: Iterable[str]) -> dict[str, float]:
    """Return the factors for `reference_weights`: flows of a few pixels, a residual of a few tenths of a deviation."""
    scales = {name: 0.3 for name in names if _FLOW_OUTPUT.search(name)}
    scales.update({name: 0.3 for name in names if _FRAME_OUTPUT.match(name)})
    return scales
