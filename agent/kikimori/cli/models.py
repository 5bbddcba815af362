"""`kikimori models list | fetch | verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.cli.later import later
from kikimori.cli.options import add_config

if TYPE_CHECKING:
    import argparse

ACTIONS = "kikimori.cli.model_commands"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("models")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    listing = actions.add_parser("list")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(**later(ACTIONS, "list_catalogue"))

    fetching = actions.add_parser("fetch")
    fetching.add_argument("name", metavar="NAME")
    fetching.set_defaults(**later(ACTIONS, "fetch_model"))

    checking = actions.add_parser("verify")
    checking.add_argument("model", metavar="NAME-OR-FOLDER")
    checking.set_defaults(**later(ACTIONS, "verify_model"))

    for each in (listing, fetching, checking):
        add_config(each)
        each.add_argument("--dir", type=Path, metavar="DIR")
