"""Interface of every way in, however it gets the audio: opened, run, closed in order by the agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Problem

Address = tuple[str, int]


class Tap(Protocol):
    """One way in. It is given a `kikimori_core.model.feed.CallDesk` when it is made, and opens legs there."""

    @property
    def name(self) -> str:
        """Short and stable: `audiosocket`, `siprec`, `mirror`, …; also the `tap` of its calls."""

    @property
    def addresses(self) -> dict[str, Address]:
        """Return the listening addresses with real ports, by name; empty for a tap that only reaches out."""

    async def listen(self) -> None:
        """Open ports and devices.

        Raises:
            KikimoriError: a port is taken, a device or permission is missing; with the next step.
        """

    async def run(self) -> None:
        """Work until cancelled. A PBX that is away is waited for and reported in `problems`, not raised."""

    async def close(self) -> None:
        """Stop accepting, end every leg with `EndReason.SHUTDOWN`, leave nothing behind on the PBX; within 3 s."""

    def problems(self) -> tuple[Problem, ...]:
        """Return the current problems for a person; shown in the agent's health."""

    def counters(self) -> dict[str, int]:
        """Return the counts since start, each name beginning with the tap's; shown in the agent's health."""
