"""Packages that have moved, importable under their former names for one release."""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def keep(former: str, now: str, moved: Mapping[str, str] | None = None) -> None:
    """Let every module of the package `now` be imported under the name of the package `former` too, with the same objects.

    Args:
        former: Dotted name of the package that is being imported.
        now: Dotted name of the package whose modules it shows.
        moved: Modules that went elsewhere, by their name in `former`.
    """
    package = import_module(now)
    below = {
        each.name.removeprefix(f"{now}."): each.name for each in walk_packages(package.__path__, f"{now}.")
    }
    for name, where in {**below, **(moved or {})}.items():
        module = sys.modules[f"{former}.{name}"] = import_module(where)
        if "." not in name:
            setattr(sys.modules[former], name, module)
