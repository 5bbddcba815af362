"""`kikimori records list` and `show`: the calls in the history, and one with everything that was known of it."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from kikimori.cli.options import add_config, dashboard_settings
from kikimori.cli.people_store import author, table_row, with_store
from kikimori.cli.terminal import say, show, worded
from kikimori.errors import KikimoriError
from kikimori_core.messages import text

if TYPE_CHECKING:
    from kikimori_dashboard import DashboardSettings
    from kikimori_records.calls.queries import CallWithParts, RecordedCall
    from kikimori_records.store import Store

HEADINGS = ("began", "length", "who answered", "caller", "queue", "alerts", "sound", "uid")


def add_actions(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both actions to those of `kikimori records`."""
    listed = actions.add_parser("list")
    listed.add_argument("--most", metavar="N", type=int, default=50)
    listed.add_argument("--json", action="store_true")
    add_config(listed, argparse.SUPPRESS)
    listed.set_defaults(run=run_list)

    shown = actions.add_parser("show")
    shown.add_argument("uid", metavar="UID")
    shown.add_argument("--json", action="store_true")
    add_config(shown, argparse.SUPPRESS)
    shown.set_defaults(run=run_show)


def run_list(args: argparse.Namespace) -> int:
    from rich.console import Console  # noqa: PLC0415  (see cli/up.py)
    from rich.table import Table  # noqa: PLC0415

    async def ask(store: Store, _settings: DashboardSettings) -> list[RecordedCall]:
        from kikimori_records.calls.queries import newest_calls  # noqa: PLC0415

        return await newest_calls(store, max(args.most, 1))

    calls = with_store(args, ask)
    if args.json:
        print(_json([each.fields() for each in calls]))
        return 0
    if not calls:
        say(text("records_none"))
        return 0
    zone = ZoneInfo(dashboard_settings(args).time_zone)
    table = Table(*map(worded, HEADINGS), box=None)
    for each in calls:
        alerts = f"{each.alerts} {worded(each.worst)}" if each.worst else ""
        cells = (_clock(each.started_at, zone), _length(each.heard_s), each.operator)
        caller = each.caller_number or each.caller_name
        table.add_row(*table_row(*cells, caller, each.queue, alerts, worded(_value(each.sound)), each.uid))
    Console(markup=False, width=None if sys.stdout.isatty() else 200).print(table)
    return 0


def run_show(args: argparse.Namespace) -> int:
    async def ask(store: Store, _settings: DashboardSettings) -> CallWithParts:
        from kikimori_records.audit.log import append  # noqa: PLC0415
        from kikimori_records.calls.queries import call_of  # noqa: PLC0415
        from kikimori_records.keeping.subject import call_named  # noqa: PLC0415

        async with store.read() as connection:
            uid = str((await call_named(connection, args.uid)).uid)
        found = await call_of(store, uid)
        if found is None:
            # It was removed in this moment.
            raise KikimoriError.of("records_no_call", name=repr(args.uid))
        await append(store, author("records show").entry("records.show", "call", uid))
        return found

    found = with_store(args, ask)
    if args.json:
        print(_json(found.fields()))
        return 0
    _show(found, ZoneInfo(dashboard_settings(args).time_zone))
    return 0


def _show(found: CallWithParts, zone: ZoneInfo) -> None:
    call = found.call
    said = {
        "began": _clock(call.started_at, zone),
        "length": _length(call.heard_s),
        "reason": _value(call.end_reason),
        "operator": call.operator or "?",
        "caller": call.caller_number or call.caller_name or "?",
    }
    show(text("records_call", **said))
    lost = f"{call.sound_lost_s:.1f}"
    show(text("records_files", sound=_value(call.sound), lost=lost, path=call.sound_path or text("none")))
    for at, moment in sorted(_moments(found), key=lambda each: each[0]):
        show(f"{_length(at):>8}  {worded(moment)}")


def _moments(found: CallWithParts) -> list[tuple[float, str]]:
    """Return what happened, each with its media time in s."""
    moments = [
        (each["start_s"], text("records_line", role=each["role"], words=each["text"])) for each in found.lines
    ]
    for each in found.alerts:
        moments.append(
            (each["opened_s"], text("records_alert", rule=each["rule"], severity=each["severity"]))
        )
        if each["closed_s"] is not None:
            moments.append((each["closed_s"], text("records_alert_closed", rule=each["rule"])))
    return moments + [(each["media_s"], _event(each)) for each in found.events]


def _event(event: dict[str, Any]) -> str:
    body = event["body"]
    match event["kind"]:
        case "command":
            action = _value(str(body.get("command", {}).get("action", "?")))
            outcome = str(body.get("result", {}).get("outcome", "?"))
            return text(
                "records_command", action=action, person=body.get("issued_by") or "?", outcome=outcome
            )
        case "ended":
            return text("records_ended", reason=_value(str(body.get("reason"))))
        case "recording":
            return text(
                "records_recording", state=_value(str(body.get("state"))), person=body.get("by") or "?"
            )
        case _:
            return text("records_status", status=_value(str(body.get("status"))))


def _value(name: str) -> str:
    """Return the words for a value in a row; one of a later version as it is."""
    try:
        return text(f"records_value.{name}")
    except KeyError:
        return name


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=_plain)


def _plain(value: object) -> str:
    assert isinstance(value, datetime)  # noqa: S101  (nothing else in these rows is no JSON)
    return value.isoformat()
