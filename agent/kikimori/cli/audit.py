"""`kikimori audit`: the agent's record of commands and the dashboard's audit, printed and checked."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import add_config, config_path, configured, state_warning
from kikimori.cli.terminal import say, show, worded
from kikimori.errors import KikimoriError
from kikimori_core.messages import text

if TYPE_CHECKING:
    from collections.abc import Callable


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("audit")
    parser.add_argument("--agent", action="store_true")
    parser.add_argument("--json", action="store_true")
    add_config(parser)
    parser.set_defaults(run=_run_agent(parser))

    actions = parser.add_subparsers(required=False, metavar="ACTION")
    verify = actions.add_parser("verify")
    verify.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    verify.set_defaults(run=run_verify)

    listed = actions.add_parser("list")
    listed.add_argument("--record", choices=["agent", "dashboard", "both"], default="both")
    listed.add_argument("--since", metavar="TIME")
    listed.add_argument("--until", metavar="TIME")
    listed.add_argument("--person", metavar="TEXT", default="")
    listed.add_argument("--action", metavar="TEXT", default="")
    listed.add_argument("--object", metavar="ID", default="")
    listed.add_argument("--outcome", metavar="TEXT", default="")
    listed.add_argument("--most", metavar="N", type=int, default=200)
    listed.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    listed.set_defaults(run=run_list)
    # What stands before the action counts too.
    add_config(verify, argparse.SUPPRESS)
    add_config(listed, argparse.SUPPRESS)


def _run_agent(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    def run(args: argparse.Namespace) -> int:
        if not args.agent:
            parser.error(text("audit_no_action"))
        return run_agent(args)

    return run


def run_agent(args: argparse.Namespace) -> int:
    from kikimori.cli.audit_records import agent_path  # noqa: PLC0415  (see cli/later.py)
    from kikimori.control.chain import entries  # noqa: PLC0415

    config = configured(args, log_level="critical")
    if warning := state_warning(config_path(args), config):
        say(warning)
    path = agent_path(config)
    if not path.exists():
        raise KikimoriError.of("no_command_yet", path=path)
    count = 0
    for count, entry in enumerate(entries(path), start=1):  # noqa: B007  (counted for the last line)
        print(json.dumps(entry, ensure_ascii=False) if args.json else worded(_line(entry)))
    if not args.json:
        show(text("audit_none_changed", count=count))
    return 0


def _line(entry: dict[str, Any]) -> str:
    by = {each: entry.get(each, "?") for each in ("person", "role", "dashboard")}
    who = text("audit_who", person=by["person"], role=by["role"], site=by["dashboard"])
    what = " ".join(str(entry[each]) for each in ("action", "target", "call_id") if each in entry)
    came = " ".join(str(entry[each]) for each in ("outcome", "reason") if each in entry)
    why = text("audit_why", value=entry["why"]) if "why" in entry else ""
    more = text("audit_left_out", count=entry["left_out"]) if "left_out" in entry else ""
    said = {"at": entry.get("at", ""), "event": entry.get("event", ""), "who": who, "what": what}
    return text("audit_command", **said, why=why, came=came, more=more)


def run_verify(args: argparse.Namespace) -> int:
    from kikimori.cli.audit_records import agents_check, audits_check  # noqa: PLC0415  (see cli/later.py)

    # The agent's file first: for the database root becomes another user.
    checks = [each for each in (agents_check(args), audits_check(args)) if each is not None]
    if not checks:
        raise KikimoriError.of("audit_nothing")
    for each in checks:
        print(json.dumps(each.fields(), ensure_ascii=False) if args.json else worded(each.sentence()))
    return 0 if all(each.broken_at is None for each in checks) else 1


def run_list(args: argparse.Namespace) -> int:
    from kikimori.cli.audit_list import listed  # noqa: PLC0415  (see cli/up.py)

    found, fault = listed(args)
    for each in found:
        print(json.dumps(each.fields(), ensure_ascii=False) if args.json else worded(each.sentence()))
    if fault is not None:
        raise fault
    return 0
