"""Functions of commands that are loaded when the command runs: `--help` shall not wait for their libraries."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse


def later(module: str, function: str = "run") -> dict[str, Any]:
    """Return the defaults of a command whose function stands in a module of its own.

    As `run` a function that takes the arguments of the command line, as `loads` the module: `main` loads it before an
    interrupt may stop the command.
    """

    def run(args: argparse.Namespace) -> int:
        code: int = getattr(import_module(module), function)(args)
        return code

    return {"run": run, "loads": (module,)}
