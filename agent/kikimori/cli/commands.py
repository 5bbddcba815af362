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
    summary: str
    """One line for `kikimori --help`."""
    parts: tuple[Part, ...] = ()
    """Parts of the program that it needs."""

    def add_parser(self, subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        """Load the module and let it add its parser; raises PartMissingError."""
        require(self.parts, self.name)
        import_module(self.module).add_parser(subparsers, self.summary)

    def add_name(self, subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        """Add the name alone, without loading the module."""
        subparsers.add_parser(self.name, help=self.summary)


COMMANDS = (
    Command("demo", "kikimori_lab.cli.demo", "show the product at work with sample calls", BOTH),
    Command("up", "kikimori.cli.up", "run broker, agent and dashboard for one office", BOTH),
    Command("agent", "kikimori.cli.agent", "run the agent alone, with your own broker", ("agent",)),
    Command(
        "dashboard", "kikimori.cli.dashboard", "run the dashboard alone, with your own broker", ("dashboard",)
    ),
    Command("analyze", "kikimori.cli.analyze", "judge recordings", ("agent",)),
    Command(
        "evaluate",
        "kikimori_lab.cli.evaluate",
        "measure how well recordings with known truth are judged",
        ("agent",),
    ),
    Command(
        "evaluate-effort",
        "kikimori_lab.cli.evaluate_effort",
        "measure how well raised voices are told from calm ones",
        ("agent",),
    ),
    Command(
        "evaluate-words",
        "kikimori_lab.cli.evaluate_words",
        "measure how well written sentences and dialogues are judged",
        ("agent",),
    ),
    Command(
        "train-words",
        "kikimori_lab.cli.train_words",
        "train the model that reads whole sentences with sentences of your own",
        ("agent",),
    ),
    Command("bench", "kikimori_lab.cli.bench", "measure how much this machine can carry", BOTH),
    Command("config", "kikimori.cli.config", "check the configuration"),
    Command("doctor", "kikimori.cli.doctor", "check this installation and say what to do", ("agent",)),
    Command("keys", "kikimori.cli.keys", "show, trust and revoke the keys of agents and dashboards"),
    Command("user", "kikimori.cli.user", "people: add, change, import, list", ("dashboard",)),
    Command(
        "store", "kikimori.cli.store", "check, migrate, back up and restore the database", ("dashboard",)
    ),
    Command(
        "superior", "kikimori.cli.superior", "superiors: order, telephones, opening hours", ("dashboard",)
    ),
    Command("audit", "kikimori.cli.audit", "print and check the record of commands"),
    Command("tap", "kikimori.cli.tap", "watch sound arrive from the PBX", ("agent",)),
    Command("models", "kikimori.cli.models", "speech models: list, fetch, verify"),
)
