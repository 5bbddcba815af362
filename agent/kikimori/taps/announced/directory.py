"""Announced legs and their audio: the PBX announces a leg first, then its audio comes.

It comes under a UUID that the PBX is given (AudioSocket), or under a name that the PBX gave (chan_websocket).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.model.call import CallInfo, Role

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AnnouncedLeg:
    """Leg that is about to connect."""

    call: CallInfo
    role: Role
    rate: int | None = None
    """Rate that the PBX was asked for; old releases label every rate as 8 kHz. None = use the label."""
    needs_silence: bool = False
    """The PBX must be sent silence: Asterisk's AudioSocket channel (not its dialplan application) may read when nothing
    has come, and holds the channel's lock until something does, and everybody who looks for a channel waits for that
    lock (asterisk issue 2089; seen once in some 50 copies, and the PBX stood still)."""


class DirectoryFullError(Exception):
    """More legs were announced than ever connected; something is wrong with the PBX's side."""


class LegDirectory:
    """Announced legs by UUID or name. Each is claimed once, or forgotten after `patience_s`.

    `clock` gives seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float], *, patience_s: float = 60.0, most: int = 10_000) -> None:
        self._clock = clock
        self._patience_s = patience_s
        self._most = most
        self.never_came = 0
        """Number of legs that were announced and never came."""
        self._waiting: dict[UUID | str, tuple[float, AnnouncedLeg]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def announce(self, announcement: AnnouncedLeg) -> UUID:
        """Return the UUID under which the leg will connect; raises `DirectoryFullError`."""
        uuid = uuid4()
        self._wait_for(uuid, announcement)
        return uuid

    def announce_as(self, name: str, announcement: AnnouncedLeg) -> None:
        """Wait for a leg that will connect under a name of the PBX's; raises `DirectoryFullError`.

        Announced again under the same name, the later one counts.
        """
        self._waiting.pop(name, None)
        self._wait_for(name, announcement)

    def claim(self, key: UUID | str) -> AnnouncedLeg | None:
        """Return and forget the leg announced for this UUID or name; None if there is none (any more)."""
        self.forget_old()
        found = self._waiting.pop(key, None)
        return found[1] if found else None

    def _wait_for(self, key: UUID | str, announcement: AnnouncedLeg) -> None:
        self.forget_old()
        if len(self._waiting) >= self._most:
            raise DirectoryFullError
        self._waiting[key] = (self._clock() + self._patience_s, announcement)

    def forget_old(self) -> None:
        """Forget the legs whose time is over; also done at every announcement and claim."""
        now = self._clock()
        # Insertion order is expiry order, as the patience is the same for all.
        for key, (until, announced) in list(self._waiting.items()):
            if until > now:
                break
            del self._waiting[key]
            self.never_came += 1
            log.warning("announced_leg_never_came", call_id=announced.call.call_id, role=str(announced.role))
