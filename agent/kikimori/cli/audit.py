"""`kikimori audit --agent`: the agent's record of commands, checked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import add_config, config_path, configured, say, state_warning
from kikimori.control.chain import entries
from kikimori.errors import KikimoriError

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser], summary: str) -> None:
    parser = subparsers.add_parser(
        "audit",
        help=summary,
        description="Prints who commanded what, from which dashboard, where to, and what came of it, and checks that no "
        "entry was changed, removed or put in. Removing the last entries leaves no trace in the file itself: compare their "
        "number with a backup.",
        epilog="Exit code 1 when the chain of hashes is broken; the entries before are printed.",
    )
    parser.add_argument("--agent", action="store_true", required=True, help="the record of the agent")
    parser.add_argument("--json", action="store_true", help="one JSON object a line for each entry")
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    config = configured(args, log_level="critical")
    if warning := state_warning(config_path(args), config):
        say(warning)
    path = config.state_path() / f"commands-{config.agent_id}.jsonl"
    if not path.exists():
        raise KikimoriError(f"{path}: no command was given yet", next_step="of the service: with sudo")
    count = 0
    for count, entry in enumerate(entries(path), start=1):  # noqa: B007  (counted for the last line)
        print(json.dumps(entry, ensure_ascii=False) if args.json else _line(entry))
    if not args.json:
        print(f"{count} entries, none changed")
    return 0


def _line(entry: dict[str, Any]) -> str:
    who = f"{entry.get('person', '?')} ({entry.get('role', '?')}) at {entry.get('dashboard', '?')}"
    what = " ".join(str(entry[each]) for each in ("action", "target", "call_id") if each in entry)
    came = " ".join(str(entry[each]) for each in ("outcome", "reason") if each in entry)
    why = f" because {entry['why']}" if "why" in entry else ""
    more = f", {entry['left_out']} more not written" if "left_out" in entry else ""
    return f"{entry.get('at', '')} {entry.get('event', '')}: {who}: {what}{why} {came}{more}".rstrip()
