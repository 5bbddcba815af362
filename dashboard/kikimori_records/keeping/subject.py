"""Subject of a hold or an erasure: one call, or every call of a caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from kikimori_records.calls.tables import recorded_calls as calls
from kikimori_records.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.keeping.pseudonyms import Pseudonyms


@dataclass(frozen=True, slots=True)
class KeepingSubject:
    """One call by its uid, or one caller by pseudonym."""

    uid: str | None = None
    caller_key: str | None = None
    number: str | None = None
    """The caller's number as it was given, for people; it does not decide anything."""

    @property
    def kind(self) -> str:
        """Return `call` or `caller`."""
        return "caller" if self.uid is None else "call"

    @property
    def name(self) -> str:
        """Return what audit and reports call it: uid or pseudonym."""
        return str(self.uid or self.caller_key)

    def calls(self) -> ColumnElement[bool]:
        """Return the condition on `recorded_calls` for the calls of the subject."""
        if self.uid is not None:
            return calls.c.uid == self.uid
        return calls.c.caller_key == self.caller_key


def caller(number: str, pseudonyms: Pseudonyms) -> KeepingSubject:
    """Return the caller of a number in any spelling; raises StoreError for what is no number."""
    key = pseudonyms.of(number)
    if key is None:
        raise StoreError.of("records_no_number", number=repr(number))
    return KeepingSubject(caller_key=key, number=number)


async def call_named(connection: AsyncConnection, name: str) -> KeepingSubject:
    """Return the recorded call of a uid, or of a call id that no other run of an agent has; raises StoreError."""
    query = select(calls.c.uid).where((calls.c.uid == name) | (calls.c.call_id == name)).order_by(calls.c.uid)
    found = list((await connection.execute(query)).scalars())
    if name in found:
        return KeepingSubject(uid=name)
    if not found:
        raise StoreError.of("records_no_call", name=repr(name))
    if len(found) > 1:
        raise StoreError.of("records_several_calls", name=repr(name), uids=", ".join(found))
    return KeepingSubject(uid=found[0])
