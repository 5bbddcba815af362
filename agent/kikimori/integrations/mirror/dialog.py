"""Call as two SIP user agents see it, and the news about it. Plain state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from kikimori.integrations.mirror.forks import Fork

if TYPE_CHECKING:
    from kikimori.integrations.mirror.descriptions import Audio
    from kikimori.integrations.mirror.forks import Attempt, Key
    from kikimori.media.sip.message import Response
    from kikimori.taps.sides import Endpoint

_MOST_TOLD = 1000


@dataclass(eq=False, slots=True)
class Dialog:
    """Call as two SIP user agents see it. Index 0 is the caller, 1 the callee."""

    call_id: str
    parties: tuple[Endpoint, Endpoint]
    tag: str
    """Tag of the caller."""
    hosts: tuple[bytes, bytes]
    """Addresses between which the first INVITE was seen."""
    began: float
    asked_for: str = ""
    """User of the request URI."""
    referred: bool = False
    replaces: str | None = None
    """Call-ID that this dialog takes the place of."""
    identifiers: frozenset[tuple[str, str]] = frozenset()
    """Identifiers of the call on both sides of a PBX."""
    attempts: dict[Key, Attempt] = field(default_factory=dict)
    forks: dict[str, Fork] = field(default_factory=dict)
    active: Fork = field(default_factory=lambda: Fork(""))
    """Fork that counts: the first one that answered and has not ended."""
    late: dict[str, Response] = field(default_factory=dict)
    """Acceptances that came after a refusal, by tag: they count once the caller acknowledges them."""
    asked_at: float = 0.0
    heard_at: float = 0.0
    ended_at: float = 0.0
    ended: bool = False
    rings: bool = False
    """True = the called telephone said that it rings."""
    told: set[tuple[int, str]] = field(default_factory=set)
    """Requests already carried out that may come again: sequence number and tag."""

    @property
    def audio(self) -> list[Audio | None]:
        """Last description of each side."""
        return self.active.audio

    @property
    def answer(self) -> Audio | None:
        return self.active.answer

    @property
    def answered(self) -> bool:
        return self.active.answered

    @property
    def early(self) -> bool:
        return self.active.early

    @property
    def sequence(self) -> int:
        """Return the sequence number of the last INVITE that began it."""
        return max((number for _, number in self.attempts), default=0)

    @property
    def failed(self) -> bool:
        """Return whether every attempt has failed, so that nobody can answer any more."""
        return all(each.failed for each in self.attempts.values())

    def attempt_of(self, key: Key, status: int) -> Attempt | None:
        """Return the attempt that a response belongs to.

        One of a hop whose INVITE was not seen accepts any attempt with its number, and refuses none.
        """
        found = self.attempts.get(key)
        if found is not None or status >= 300:
            return found
        others = [each for (_, number), each in self.attempts.items() if number == key[1]]
        return next((each for each in others if not each.failed), others[0] if others else None)

    def is_new(self, number: int, tag: str) -> bool:
        """Return whether the request with that number and tag is new, and note it."""
        key = (number, tag)
        if key in self.told:
            return False
        if len(self.told) > _MOST_TOLD:
            self.told.clear()
        self.told.add(key)
        return True


class DialogObserver(Protocol):
    """Receiver of changes. Each method is called after the dialog was changed."""

    def began(self, dialog: Dialog) -> None:
        """Note that a call was asked for."""

    def rings(self, dialog: Dialog) -> None:
        """Note that the called telephone rings."""

    def agreed(self, dialog: Dialog) -> None:
        """Note that it was answered, or that the two have described their audio anew."""

    def held(self, dialog: Dialog, by: int, *, on_hold: bool) -> None: ...

    def key(self, dialog: Dialog, by: int, digit: str) -> None: ...

    def referred(self, dialog: Dialog, user: str, replaces: str | None) -> None:
        """Note that one side was asked to call `user` instead, perhaps in place of the dialog `replaces`."""

    def ended(self, dialog: Dialog) -> None: ...
