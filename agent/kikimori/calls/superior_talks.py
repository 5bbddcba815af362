"""Superiors in a call: who has the customer, from when on, and which words are theirs. Pure: times are given."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kikimori_core.model.call import Role
from kikimori_core.wire.messages import CallStatus, Party, SpokenBy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_core.model.evidence import Utterance

MOST = 20
"""Talks of one call that are remembered, the last ones."""


class HeardLeg(Protocol):
    """A leg of the call."""

    @property
    def role(self) -> Role: ...

    @property
    def offset_s(self) -> float:
        """Media time at which it began."""


@dataclass(slots=True)
class _Talk:
    superior: Party
    stays: bool
    """True = the operator stayed on the line, or it is not known."""
    parted_s: float
    """Media time from which the customer was moved: on hold, or handed over at once."""
    from_s: float
    to_s: float = math.inf


class SuperiorTalks:
    """Times of one call in which a superior has the customer. All times are of the call's media, in s."""

    def __init__(self, keep_operator: bool | None = None) -> None:
        """`keep_operator`: whether operators stay on the line unless a command says otherwise; None = not known."""
        self._keep_operator = keep_operator
        self._talks: list[_Talk] = []
        self._target = Party()
        self._stays = True
        self._parted_s: float | None = None

    @property
    def superior(self) -> Party | None:
        """Return the superior who has the customer now; None = nobody has."""
        return self._talks[-1].superior if self._talks and self._talks[-1].to_s == math.inf else None

    def led_to(self, target: Party, *, keep_operator: bool | None) -> None:
        """Note whose telephone a transfer rings; `keep_operator`: as the command says it."""
        stays = self._keep_operator if keep_operator is None else keep_operator
        self._target, self._stays = target, stays is not False

    def become(self, status: CallStatus, at_s: float) -> None:
        """Take the call's status."""
        if status is CallStatus.TRANSFERRED:
            if self.superior is None:
                parted_s = at_s if self._parted_s is None else self._parted_s
                self._talks = [*self._talks, _Talk(self._target, self._stays, parted_s, at_s)][-MOST:]
            return
        if self.superior is not None:
            self._talks[-1].to_s = at_s
        if status is CallStatus.ON_HOLD:
            self._parted_s = at_s if self._parted_s is None else self._parted_s
        else:
            self._parted_s, self._target, self._stays = None, Party(), True

    def spoken_by(
        self, utterance: Utterance, leg: HeardLeg | None, legs: Iterable[HeardLeg]
    ) -> SpokenBy | None:
        """Return the superior who says an utterance; None = the owner of its role.

        Args:
            utterance: Something said.
            leg: The leg that heard it; None = not known.
            legs: The call's legs that are open.
        """
        if utterance.role is not Role.OPERATOR:
            return None
        middle_s = (utterance.start_s + utterance.end_s) / 2
        talk = next((each for each in self._talks if each.from_s <= middle_s < each.to_s), None)
        if talk is None:
            return None
        begins = [each.offset_s for each in legs if each.role is Role.OPERATOR]
        # A leg came with the transfer beside that of the operator: each is heard by a leg of their own.
        if leg is not None and min(begins, default=math.inf) < talk.parted_s <= max(begins, default=0.0):
            return SpokenBy(superior=talk.superior) if leg.offset_s >= talk.parted_s else None
        return SpokenBy(superior=talk.superior, certain=not talk.stays)
