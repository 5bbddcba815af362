"""Addresses at which a running agent is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori.taps.tap import Address


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses at which the agent listens, by the name of the listener, with the real ports."""

    by_name: dict[str, Address]

    @property
    def audiosocket(self) -> Address | None:
        return self.by_name.get("audiosocket")

    @property
    def announce(self) -> Address | None:
        return self.by_name.get("announce")
