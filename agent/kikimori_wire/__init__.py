"""Former name of `kikimori_core.wire`, kept for one release: the same modules with the same objects."""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules

import kikimori_core.wire

_MOVED = {"errors": "kikimori_core.errors"}
"""Modules that have gone elsewhere than into `kikimori_core.wire`."""

for _name, _now in {
    **{each.name: f"kikimori_core.wire.{each.name}" for each in iter_modules(kikimori_core.wire.__path__)},
    **_MOVED,
}.items():
    globals()[_name] = sys.modules[f"{__name__}.{_name}"] = import_module(_now)
