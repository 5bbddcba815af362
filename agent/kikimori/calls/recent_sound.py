"""Interface by which the newest sound of calls is kept in memory, for those who listen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori.calls.leg import LiveLeg


class RecentSound(Protocol):
    """Keeper of the newest sound. Called on the event loop; it returns at once and never raises."""

    def sound(self, legs: Sequence[LiveLeg], pcm: bytes) -> None:
        """Take the blocks that were just taken from legs of one rate: s16le, one block of each after another."""


class NoRecentSound:
    """A `RecentSound` that keeps nothing."""

    def sound(self, legs: Sequence[LiveLeg], pcm: bytes) -> None: ...


NO_RECENT_SOUND = NoRecentSound()
