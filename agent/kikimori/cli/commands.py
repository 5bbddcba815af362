"""The commands of `kikimori`, each loaded only when it is named: `--help` shall not wait for aiohttp and Sudachi."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from kikimori.parts import Part, require

if TYPE_CHECKING:
    import argparse

BOTH: tuple[Part, ...] = ("agent", "dashboard")


@dataclass(frozen=True)
class Command:
    """One command of the program."""

    name: str
    module: str
    """Dotted name of the module with its `add_parser(subparsers)`."""
    parts: tuple[Part, ...] = ()
    """Parts of the program that it needs."""

    def add_parser(self, subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        """Load the module and let it add its parser; raises PartMissingError."""
        require(self.parts, self.name)
        import_module(self.module).add_parser(subparsers)

    def add_name(self, subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        """Add the name alone, without loading the module."""
        subparsers.add_parser(self.name)


COMMANDS = (
    Command("demo", "kikimori_lab.cli.demo", BOTH),
    Command("up", "kikimori.cli.up", BOTH),
    Command("agent", "kikimori.cli.agent", ("agent",)),
    Command("dashboard", "kikimori.cli.dashboard", ("dashboard",)),
    Command("analyze", "kikimori.cli.analyze", ("agent",)),
    Command("evaluate", "kikimori_lab.cli.evaluate", ("agent",)),
    Command("evaluate-effort", "kikimori_lab.cli.evaluate_effort", ("agent",)),
    Command("evaluate-words", "kikimori_lab.cli.evaluate_words", ("agent",)),
    Command("train-words", "kikimori_lab.cli.train_words", ("agent",)),
    Command("bench", "kikimori_lab.cli.bench", BOTH),
    Command("config", "kikimori.cli.config"),
    Command("doctor", "kikimori.cli.doctor", ("agent",)),
    Command("keys", "kikimori.cli.keys"),
    Command("user", "kikimori.cli.user", ("dashboard",)),
    Command("store", "kikimori.cli.store", ("dashboard",)),
    Command("superior", "kikimori.cli.superior", ("dashboard",)),
    Command("audit", "kikimori.cli.audit"),
    Command("tap", "kikimori.cli.tap", ("agent",)),
    Command("models", "kikimori.cli.models"),
)
