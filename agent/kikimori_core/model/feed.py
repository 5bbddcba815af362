"""Interface by which a tap delivers audio: calls on a feed, so that no object is made per frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Role


class LegFeed(Protocol):
    """Receiver of one leg's audio. All methods are synchronous and return at once."""

    def audio(self, pcm: bytes | bytearray | memoryview) -> None:
        """Append s16le mono samples at the leg's rate; any number of whole samples."""

    def gap(self, samples: int) -> None:
        """Note that `samples` of audio never arrived; media time goes on."""

    def dtmf(self, digit: str) -> None:
        """Report a key that was pressed on this leg's telephone, now."""

    def close(self, reason: EndReason) -> None:
        """End the leg. Further calls are ignored."""


class CallDesk(Protocol):
    """Opener of legs; the first leg of a call_id opens the call, the last one closed ends it.

    While the customer's leg stays open the call stays one call, however often the other voice changes: a tap closes
    the leg of the operator who left and opens one for the superior who came, with the same `call_id`.
    """

    def open_leg(self, info: LegInfo) -> LegFeed: ...

    def held(self, call_id: str, *, on_hold: bool) -> None:
        """Note that the customer was put on hold, or taken back, on the telephone itself.

        `call_id` is the tap's name of the call; an unknown one is ignored, as the call may just have ended.
        """

    def key(self, call_id: str, role: Role, digit: str) -> None:
        """Note a key that the PBX reports beside the audio. An unknown call is ignored."""

    def ring(self, call: CallInfo, phones: Sequence[str], *, answered: bool = False) -> None:
        """Note the telephones at which a call from outside rings now; without any it waits.

        `answered`: one of them has answered and is the only one of `phones`; the call's legs follow, with the same `call_id`.
        """

    def ring_over(self, call_id: str) -> None:
        """Note that a call rings no more: the caller has left, or the PBX is away. An unknown one is ignored."""
