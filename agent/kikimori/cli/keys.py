"""`kikimori keys`: this installation's own and trusted keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kikimori.cli.later import later
from kikimori.cli.options import add_config

if TYPE_CHECKING:
    import argparse

ACTIONS = "kikimori.cli.key_commands"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("keys")
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    show = _action(actions, "show", "show_keys")
    show.add_argument("--json", action="store_true")

    trust = _action(actions, "trust", "trust_key")
    trust.add_argument("key", metavar="KEY")
    trust.add_argument("--name", required=True)

    revoke = _action(actions, "revoke", "revoke_keys")
    revoke.add_argument("what", metavar="WHAT")

    rotate = _action(actions, "rotate", "rotate_keys", records=False)
    rotate.add_argument("--finish", action="store_true")


def _action(actions: Any, name: str, function: str, *, records: bool = True) -> argparse.ArgumentParser:
    """Add an action; `records`: also for the records service, which has no key of its own."""
    parser: argparse.ArgumentParser = actions.add_parser(name)
    holder = parser.add_mutually_exclusive_group()
    holder.add_argument("--dashboard", action="store_true")
    if records:
        holder.add_argument("--records", action="store_true")
    else:
        parser.set_defaults(records=False)
    add_config(parser)
    parser.set_defaults(**later(ACTIONS, function))
    return parser
