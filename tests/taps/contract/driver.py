"""Interface of a tap's peer in the contract suite: a PBX that tells one story, whatever wire it tells it on.

A driver makes its tap, and then plays the PBX towards it over the real wire. It declares what this wire can carry; a
test of what it cannot carry is skipped, and the skip says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kikimori_core.model.call import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kikimori.taps.tap import Tap
    from kikimori_core.model.call import Party
    from kikimori_core.model.feed import CallDesk


@dataclass(frozen=True, slots=True)
class Abilities:
    """Abilities of the wire."""

    rate: int = 8000
    """Samples per second that `speak` takes and that the legs must have."""
    two_legs: bool = True
    """False: one mixed voice, spoken and heard as `Role.MIXED`."""
    snr_db: float | None = None
    """None: every sample arrives as it was; else the least signal-to-noise ratio that the codec leaves."""
    numbers: bool = True
    """The customer's number and the operator's extension are told."""
    names: bool = True
    """Their names too."""
    keys: frozenset[Role] = frozenset({Role.CUSTOMER, Role.OPERATOR})
    """Roles whose keys are told."""
    hold: bool = False
    """Hold and its end are told."""
    replaces: bool = False
    """The operator can change in the middle of a call."""
    tells_loss: bool = True
    """A broken connection is known at once and is not an ordinary hang-up."""
    garbage_ends: bool = True
    """Garbage on the wire ends the leg that it came on; False: it is ignored, as anybody may have sent it."""
    flood_ends: bool = True
    """Far more audio than time ends the leg; False: what is too much is shed and counted."""
    listens: bool = True
    """It opens ports, on which strangers may knock."""

    @property
    def roles(self) -> tuple[Role, ...]:
        return (Role.CUSTOMER, Role.OPERATOR) if self.two_legs else (Role.MIXED,)


class PeerCall(Protocol):
    """One call, as its PBX plays it."""

    async def speak(self, voices: Mapping[Role, bytes]) -> None:
        """Say these at the same time: s16le mono at the tap's rate, equally long, whole 20 ms each.

        Whoever is not named sends what a silent telephone sends. Paced if the tap's jitter buffer needs that.
        """

    async def pause(self, seconds: float) -> None:
        """Nothing is sent by anybody for so long; media time goes on."""

    async def key(self, role: Role, digit: str) -> None: ...

    async def hold(self, *, on: bool) -> None: ...

    async def replace_operator(self, operator: Party) -> None:
        """The operator leaves and another comes; the customer stays. As in a finished transfer."""

    async def hang_up(self) -> None: ...

    async def break_connection(self) -> None:
        """The network dies: no goodbye."""

    async def flood(self) -> None:
        """Send minutes of audio at once, over every connection of this call."""

    async def garbage(self) -> None:
        """Send what no PBX sends, over every connection of this call."""


class Driver(Protocol):
    """A tap and its peer."""

    @property
    def abilities(self) -> Abilities: ...

    async def open(self, desk: CallDesk, networks: tuple[str, ...]) -> Tap:
        """Start the peer, make the tap for peers in `networks`, let it listen on free ports of loopback.

        The suite runs and closes the tap itself.
        """

    async def begin(self, customer: Party, operator: Party) -> PeerCall:
        """Begin a call; returns when sound may be sent. Legs may open only with the first sound."""

    async def knock(self) -> int:
        """Come as a peer to a tap that does not allow this address; return how many times it must have refused.

        What does not count as a refusal in the tap's counters is asserted here.
        """

    async def close(self) -> None:
        """End the peer; the tap is closed already."""
