"""`kikimori records find`: calls of the history by words and attributes."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from kikimori.cli.options import add_config, dashboard_settings
from kikimori.cli.people_store import author, with_store
from kikimori.cli.terminal import say, show, worded
from kikimori_core.messages import text

if TYPE_CHECKING:
    from kikimori_dashboard import DashboardSettings
    from kikimori_records.search.finding import FoundCall, FoundCalls
    from kikimori_records.store import Store

DATE = len("2026-11-29")
GROUPS = ("exact", "alike")


def add_actions(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the action to those of `kikimori records`."""
    found = actions.add_parser("find")
    found.add_argument("words", metavar="WORDS", nargs="*")
    found.add_argument("--since", metavar="TIME", type=_time)
    found.add_argument("--until", metavar="TIME", type=_end)
    found.add_argument("--operator", metavar="WHO", default="")
    found.add_argument("--caller", metavar="WHO", default="")
    found.add_argument("--kind", metavar="KIND", default="")
    found.add_argument("--most", metavar="N", type=int, default=50)
    found.add_argument("--json", action="store_true")
    add_config(found, argparse.SUPPRESS)
    found.set_defaults(run=run_find)


def run_find(args: argparse.Namespace) -> int:
    zone = ZoneInfo(dashboard_settings(args).time_zone)

    async def ask(store: Store, _settings: DashboardSettings) -> dict[str, FoundCalls]:
        from kikimori_records.audit.log import append  # noqa: PLC0415  (see cli/up.py)
        from kikimori_records.search.finding import find  # noqa: PLC0415
        from kikimori_records.search.question import (  # noqa: PLC0415
            FoundGroup,
            HistoryQuestion,
            words_asked,
        )

        asked = HistoryQuestion(
            since=_in_zone(args.since, zone),
            until=_in_zone(args.until, zone),
            operator=args.operator,
            caller=args.caller,
            words=words_asked(" ".join(args.words)),
            kind=args.kind,
        )
        # Whose calls were looked for stands nowhere: callers are erased.
        noted = {
            "words": " ".join(args.words),
            "operator": args.operator,
            "kind": args.kind,
            "caller": bool(args.caller),
        }
        by = author("records find")
        await append(
            store,
            by.entry(
                "history.find", "page", "history", asked={name: each for name, each in noted.items() if each}
            ),
        )
        return {each: await find(store, asked, FoundGroup(each), most=max(args.most, 1)) for each in GROUPS}

    found = with_store(args, ask)
    if args.json:
        print(json.dumps(_object(found), ensure_ascii=False, indent=1))
        return 0
    if not any(each.calls for each in found.values()):
        show(text("records_none_found"))
    for group, calls in found.items():
        for each in calls.calls:
            _show(each, zone, group)
    if not found["exact"].complete:
        say(text("records_search_incomplete"))
    return 0


def _show(found: FoundCall, zone: ZoneInfo, group: str) -> None:
    call = found.call
    caller = call.caller_number or call.caller_name or "?"
    minutes, rest = divmod(round(call.heard_s), 60)
    mark = f"  ({text('records_alike')})" if group == "alike" else ""
    began = f"{call.started_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    show(f"{began}  {minutes}:{rest:02}  {call.operator or '?'}  {caller}  {call.uid}{mark}")
    for line in found.lines:
        said = "".join(f"[{each.text}]" if each.marked else each.text for each in line.parts)
        show(f"    {worded(line.role)}: {said}")


def _object(found: dict[str, FoundCalls]) -> dict[str, Any]:
    """Return the answer as `--json` has it."""
    groups = {group: [_call(each) for each in calls.calls] for group, calls in found.items()}
    more = {group: calls.before is not None for group, calls in found.items()}
    return {**groups, "more": more, "complete": found["exact"].complete}


def _call(found: FoundCall) -> dict[str, Any]:
    call = found.call
    return {
        "uid": call.uid,
        "started_at": call.started_at.isoformat(),
        "heard_s": call.heard_s,
        "operator": call.operator,
        "caller_number": call.caller_number,
        "caller_name": call.caller_name,
        "worst": call.worst,
        "alerts": call.alerts,
        "reasons": [asdict(each) for each in found.reasons],
        "lines": [
            {
                "number": each.number,
                "role": each.role,
                "start_s": each.start_s,
                "text": each.text,
                "marked": [part.text for part in each.parts if part.marked],
            }
            for each in found.lines
        ],
    }


def _time(said: str) -> datetime:
    try:
        return datetime.fromisoformat(said)
    except ValueError:
        raise argparse.ArgumentTypeError("e.g. 2026-11-29 or 2026-11-29T10:00") from None


def _end(said: str) -> datetime:
    """Return a time; of a date its last moment."""
    found = _time(said)
    return datetime.combine(found, time.max) if len(said) == DATE else found


def _in_zone(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    if at is None:
        return None
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)
