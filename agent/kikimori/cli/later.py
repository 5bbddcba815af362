"""Functions of commands that are loaded when the command runs: `--help` shall not wait for their libraries."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def later(module: str, function: str = "run") -> Callable[[argparse.Namespace], int]:
    """Return a function that loads a module and calls a function of it with the arguments of the command line."""

    def run(args: argparse.Namespace) -> int:
        code: int = getattr(import_module(module), function)(args)
        return code

    return run
