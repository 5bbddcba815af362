"""Entries of the audit, and the text of one that its hash covers."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from kikimori_records.columns import storable_json, time_text

START = "0" * 64
"""Hash before the first entry."""


class ActorKind(StrEnum):
    PERSON = "person"
    KIOSK = "kiosk"
    PROGRAM = "program"
    """A command typed at a terminal of the machine."""
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that was done, or refused."""

    action: str
    """Noun and verb with a dot: `session.begin`, `command.hold`, `transcript.open`, `person.change`, `audit.export`."""
    actor_kind: ActorKind
    actor_name: str
    actor_id: str | None = None
    """Id of a person or kiosk."""
    object_kind: str | None = None
    """`person`, `call`, `alert`, `kiosk`, …"""
    object_id: str | None = None
    outcome: str = "done"
    """`done`, `refused`, `failed`, or an answer of the agent's."""
    details: dict[str, Any] = field(default_factory=dict)
    """More, as JSON; no words of a call, no password, no token."""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    entry_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Made with the entry, so that one that is written twice is known."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Entry in its place in the chain."""

    number: int
    entry: AuditEntry
    previous_hash: str
    hash: str

    def follows(self, number: int, previous_hash: str) -> bool:
        """Return whether it is whole, and the next one behind an entry of this number and hash."""
        return (
            self.number == number + 1
            and self.previous_hash == previous_hash
            and self.hash == link(self.number, self.entry, previous_hash)
        )


def plain(entry: AuditEntry) -> AuditEntry:
    """Return an entry as every database can hold it, and gives it back."""
    return entry_of(storable_json(json.loads(json.dumps(written(entry), default=str)), str))


def columns(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry's columns."""
    return {**asdict(entry), "actor_kind": str(entry.actor_kind)}


def entry_of(row: Any) -> AuditEntry:
    """Return the entry in a row of the table, or in the JSON of `written`."""
    at = row["at"]
    return AuditEntry(
        **{name: row[name] for name in AuditEntry.__slots__ if name not in ("at", "actor_kind")},
        at=datetime.fromisoformat(at) if isinstance(at, str) else at,
        actor_kind=ActorKind(row["actor_kind"]),
    )


def written(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as an object of JSON."""
    return {**columns(entry), "at": time_text(entry.at)}


def link(number: int, entry: AuditEntry, previous_hash: str) -> str:
    """Return the hash of an entry at its place: SHA-256 of the hash before and the entry's canonical JSON."""
    said = {"number": number, **written(entry)}
    # Escapes keep it the same where a detail holds half a character.
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((previous_hash + text).encode()).hexdigest()
