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
class Subcommand:
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
    Subcommand("demo", "kikimori_lab.cli.demo", BOTH),
    Subcommand("up", "kikimori.cli.up", BOTH),
    Subcommand("agent", "kikimori.cli.agent", ("agent",)),
    Subcommand("dashboard", "kikimori.cli.dashboard", ("dashboard",)),
    Subcommand("records", "kikimori.cli.records", ("dashboard",)),
    Subcommand("analyze", "kikimori.cli.analyze", ("agent",)),
    Subcommand("evaluate", "kikimori_lab.cli.evaluate", ("agent",)),
    Subcommand("evaluate-effort", "kikimori_lab.cli.evaluate_effort", ("agent",)),
    Subcommand("evaluate-words", "kikimori_lab.cli.evaluate_words", ("agent",)),
    Subcommand("train-words", "kikimori_lab.cli.train_words", ("agent",)),
    Subcommand("bench", "kikimori_lab.cli.bench", BOTH),
    Subcommand("config", "kikimori.cli.config"),
    Subcommand("doctor", "kikimori.cli.doctor", ("agent",)),
    Subcommand("keys", "kikimori.cli.keys"),
    Subcommand("certificate", "kikimori.cli.certificate"),
    Subcommand("user", "kikimori.cli.user", ("dashboard",)),
    Subcommand("customers", "kikimori.cli.customers", ("dashboard",)),
    Subcommand("store", "kikimori.cli.store", ("dashboard",)),
    Subcommand("superior", "kikimori.cli.superior", ("dashboard",)),
    Subcommand("audit", "kikimori.cli.audit"),
    Subcommand("tap", "kikimori.cli.tap", ("agent",)),
    Subcommand("models", "kikimori.cli.models"),
)
