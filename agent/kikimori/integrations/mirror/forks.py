"""Attempts and forks of one call: RFC 3261, 12 (dialogs), 16.7 and 13.2.2.4 (forking), 17.1 (transactions).

One INVITE may go to several telephones, one after another or at once; each that reacts has a tag of its own in To. An
attempt is one transaction: the top Via branch and the number of CSeq.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori.integrations.mirror.descriptions import Audio

MOST_ATTEMPTS = 64
MOST_FORKS = 32

Key = tuple[str, int]
"""Branch and sequence number."""


@dataclass(eq=False, slots=True)
class Attempt:
    """One INVITE transaction that may still begin a dialog."""

    offer: Audio | None = None
    """Caller's description in it."""
    failed: bool = False
    """True after a refusal or a cancel."""
    acknowledged: bool = False
    """True after the ACK of its refusal; then the same INVITE is another attempt, not a copy."""


@dataclass(eq=False, slots=True)
class Fork:
    """Dialog of the caller with one party that may answer, or has."""

    tag: str
    audio: list[Audio | None] = field(default_factory=lambda: [None, None])
    """Last descriptions of caller and callee."""
    answer: Audio | None = None
    """Last description that answered another: the one really in use."""
    offer_by: int | None = None
    """Side that made the last offer."""
    before_offer: Audio | None = None
    """Description of that side before the offer, in case it is refused."""
    attempt: Attempt | None = None
    answered: bool = False
    early: bool = False
    ended: bool = False

    def begin(self, attempt: Attempt | None) -> None:
        """Take the caller's offer of an attempt."""
        self.attempt = attempt
        self.describe(0, None if attempt is None else attempt.offer, "INVITE")

    def describe(self, by: int, audio: Audio | None, request: str | None) -> bool | None:
        """Note a description of `by` in a request of that method, or in a response.

        Returns:
            True when it answers the other's offer, so that both agree; False for an offer; None for nothing new.
        """
        if request in ("INVITE", "UPDATE"):
            # Without a description the other side offers in its response.
            self.offer_by = None
        if audio is None:
            return None
        answers = self.offer_by == 1 - by
        if request == "ACK" and not answers:
            return None
        before, self.audio[by] = self.audio[by], audio
        if answers:
            self.answer = audio
            self.early = True
        else:
            self.offer_by = by
            self.before_offer = before
        return answers

    def refuse(self, by: int) -> None:
        """Restore what was agreed before: an offer of `by` was refused."""
        if self.offer_by == by and self.before_offer is not None:
            self.audio[by] = self.before_offer
            self.before_offer = None
