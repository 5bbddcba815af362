"""Days for which each kind of data is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


CUSTOMER_DAYS = 1095


class DataKind(StrEnum):
    """Kind of data of a recorded call that is removed for itself."""

    SOUND = "sound"
    """Sound, with its peaks and windows of effort."""
    WORDS = "words"
    """Transcript, and what alerts quote from it."""
    NUMBER = "number"
    """Number and name of the caller."""
    CALL = "call"
    """All of the call but what counts and proofs need."""


@dataclass(frozen=True, slots=True)
class KeptDays:
    """Days after a call's end after which data of each kind is removed."""

    sound: int
    words: int
    number: int
    call: int
    customer: int = CUSTOMER_DAYS
    """Days after the last change, import or call of a customer after which the entry is removed from the list."""

    @classmethod
    def of(
        cls,
        days: int,
        *,
        words: int | None = None,
        number: int | None = None,
        call: int | None = None,
        customer: int | None = None,
    ) -> KeptDays:
        """Return the days of an office; a kind that it does not name is kept as long as sound, a call as long as any."""
        words, number = words or days, number or days
        call = call or max(days, words, number)
        return cls(days, words, number, call, customer or CUSTOMER_DAYS)

    def limit(self, kind: DataKind, now: datetime) -> datetime:
        """Return the time before which calls ended whose data of a kind is removed."""
        days: int = getattr(self, kind.value)
        return now - timedelta(days=min(days, self.call))
