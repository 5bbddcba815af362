"""One stream of a recorded call: its port, its leg, its keys."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori.media.rtp.discarding_feed import DiscardingFeed
from kikimori.media.rtp.receiver import RtpCounters, RtpSession
from kikimori.media.rtp.srtp import Unprotector
from kikimori.media.sip.crypto import write_crypto

if TYPE_CHECKING:
    from kikimori.integrations.siprec.offer import MediaDecision
    from kikimori.media.rtp.formats import Format
    from kikimori.media.rtp.ports import RtpPort
    from kikimori_core.model.call import EndReason, Role
    from kikimori_core.model.feed import LegFeed

UNDECIPHERED = 250
"""Packets in a row, five seconds of them, not proven by the agreed keys, before people are told."""


@dataclass(slots=True)
class Stream:
    """One m-line that was accepted."""

    port: RtpPort
    choice: MediaDecision
    feed: LegFeed = field(default_factory=DiscardingFeed)
    rtp: RtpSession | None = None
    voice: tuple[Role, str] | None = None
    """Role and speaker; None = not listened to."""
    carried: bool = False
    """True once the SRC sent in it."""
    srtp: Unprotector | None = None
    """Decryption of the stream, through all its legs; None = plain RTP."""
    _own_key: bytes = field(default=b"", repr=False)
    _packets: int = 0
    """Count of packets at the last look; likewise the count of those not authentic when the last authentic
    one came."""
    _not_authentic: int = 0

    @property
    def crypto(self) -> str | None:
        """Return our `a=crypto`. We send nothing, but an answer names a key for it (RFC 4568, 7.1.2)."""
        secured = self.choice.secured
        if secured is None:
            return None
        if len(self._own_key) != secured.keys.suite.key_bytes:
            self._own_key = secrets.token_bytes(secured.keys.suite.key_bytes)
        return write_crypto(secured.tag, secured.suite, self._own_key, secured.parameters)

    def secure(self) -> None:
        """Use the keys of `choice`."""
        secured = self.choice.secured
        if secured is None:
            self.srtp = None
        elif self.srtp is None:
            self.srtp = Unprotector(secured.keys)
        else:
            self.srtp.rekey(secured.keys)
        if self.rtp is not None:
            self.rtp.srtp = self.srtp

    @property
    def formats(self) -> dict[int, Format]:
        return dict(self.choice.formats)

    @property
    def on_hold(self) -> bool:
        return self.choice.paused and self.carried

    @property
    def counters(self) -> RtpCounters:
        """Return the counters since its leg was opened."""
        return self.rtp.counters if self.rtp is not None else RtpCounters()

    @property
    def undeciphered(self) -> bool:
        """Return whether its keys open none of the packets. Changes when `heard_lately` is called."""
        return self.counters.not_authentic - self._not_authentic >= UNDECIPHERED

    def heard_lately(self) -> bool:
        """Return whether a packet came since the last check."""
        counters = self.counters
        # What cannot be decoded is a sign of life too.
        unreadable = self.rtp is not None and self.rtp.gate.unreadable is not None
        packets = counters.packets + (counters.refused if unreadable else 0)
        if packets == self._packets:
            return False
        self._packets = packets
        self._not_authentic = counters.not_authentic
        return True

    def attach(self, rtp: RtpSession) -> None:
        """Begin a leg."""
        self.rtp = rtp
        self._packets = self._not_authentic = 0
        self.port.attach(rtp)

    def change(self, choice: MediaDecision) -> None:
        """Change to the SRC's new offer; the leg stays."""
        before, self.choice = self.choice, choice
        self.secure()
        rtp = self.rtp
        if rtp is None:
            return
        moved = (before.media.address, before.media.port) != (choice.media.address, choice.media.port)
        if before.formats != choice.formats or moved:
            rtp.change(self.formats)
        if before.paused != choice.paused:
            rtp.hold(choice.paused)

    def close(self, reason: EndReason) -> None:
        """End its leg; the port stays."""
        if self.rtp is not None:
            self.rtp.flush()
        self.feed.close(reason)
