"""Entries of both records in one list, by time."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from kikimori.cli.audit_records import agent_path, audit_settings
from kikimori.cli.options import configured, dashboard_settings
from kikimori.cli.people_store import store_beside
from kikimori.control.chain import BrokenChainError, entries
from kikimori.errors import KikimoriError
from kikimori_core.messages import text as words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from kikimori_records.settings import StoreSettings

PLACED = ("n", "at", "event", "action", "person", "role", "dashboard", "call_id", "outcome", "reason")
"""Fields of the agent's record that have a place of their own here."""


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """Entry of either record."""

    record: str
    number: int
    at: str
    who: str
    who_id: str
    action: str
    object: str
    outcome: str
    details: dict[str, Any]

    def fields(self) -> dict[str, Any]:
        return asdict(self)

    def sentence(self) -> str:
        details = ", ".join(f"{name}: {value}" for name, value in self.details.items() if value is not None)
        what = f"{self.action} {self.object}".rstrip()
        said = words(
            "audit_entry",
            at=self.at,
            record=self.record,
            number=self.number,
            person=self.who or "?",
            what=what,
            outcome=self.outcome,
        )
        return words("with_more", said=said, more=details) if details else said


@dataclass(frozen=True, slots=True)
class _Wanted:
    since: datetime | None
    until: datetime | None
    person: str
    action: str
    object: str
    outcome: str

    def has(self, entry: ListedEntry) -> bool:
        at = _read_time(entry.at)
        return (
            (self.since is None or (at is not None and at >= self.since))
            and (self.until is None or (at is not None and at < self.until))
            and (
                not self.person
                or self.person.casefold() in entry.who.casefold()
                or self.person == entry.who_id
            )
            and entry.action.startswith(self.action)
            and (not self.object or entry.object == self.object)
            and (not self.outcome or entry.outcome == self.outcome)
        )


def listed(args: argparse.Namespace) -> tuple[list[ListedEntry], KikimoriError | None]:
    """Return the entries that the arguments ask for, the oldest first, and the fault of a broken chain."""
    zone = ZoneInfo(dashboard_settings(args).time_zone)
    wanted = _Wanted(
        _given(args.since, zone),
        _given(args.until, zone),
        args.person,
        args.action,
        args.object,
        args.outcome,
    )
    found: list[ListedEntry] = []
    fault = None
    if args.record != "dashboard":
        try:
            found += [each for each in _agents(args) if wanted.has(each)]
        except BrokenChainError as error:
            fault = error
    if args.record != "agent" and (settings := audit_settings(args)) is not None:
        found += asyncio.run(_dashboards(settings, wanted, args.most))
    found.sort(key=lambda each: _read_time(each.at) or datetime.min.replace(tzinfo=UTC))
    return found[-args.most :] if args.most > 0 else found, fault


def _agents(args: argparse.Namespace) -> Iterator[ListedEntry]:
    path = agent_path(configured(args, log_level="critical"))
    if not path.exists():
        return
    for entry in entries(path):
        who = " ".join(str(entry[each]) for each in ("person", "role") if entry.get(each))
        yield ListedEntry(
            "agent",
            entry["n"],
            str(entry.get("at", "")),
            f"{who} at {entry['dashboard']}" if entry.get("dashboard") else who,
            "",
            f"command.{entry['action']}" if entry.get("action") else str(entry.get("event", "")),
            str(entry.get("call_id") or ""),
            " ".join(str(entry[each]) for each in ("outcome", "reason") if entry.get(each))
            or str(entry.get("event", "")),
            {name: value for name, value in entry.items() if name not in PLACED},
        )


async def _dashboards(settings: StoreSettings, wanted: _Wanted, most: int) -> list[ListedEntry]:
    from kikimori_records.audit.queries import (  # noqa: PLC0415  (the extra `dashboard`)
        AuditFilter,
        latest,
        oldest_first,
    )

    asked = AuditFilter(
        wanted.since, wanted.until, wanted.person, wanted.action, wanted.object, wanted.outcome
    )
    async with store_beside(settings) as store:
        if most > 0:
            # Older ones would not be shown: an office keeps them for years.
            rows = await latest(store, asked, most)
        else:
            rows = [row async for row in oldest_first(store, asked)]
    return [
        ListedEntry(
            "dashboard",
            row.number,
            row.entry.at.isoformat(timespec="milliseconds"),
            row.entry.actor_name,
            row.entry.actor_id or "",
            row.entry.action,
            row.entry.object_id or "",
            row.entry.outcome,
            row.entry.details,
        )
        for row in rows
    ]


def _given(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Return a time that somebody typed, of the office's zone where it names none; raises KikimoriError."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise KikimoriError.of("audit_no_time", value=repr(text)) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def _read_time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
