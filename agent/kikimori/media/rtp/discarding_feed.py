"""Feed of a voice that is not listened to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_core.model.call import EndReason


class DiscardingFeed:
    """A `kikimori_core.model.feed.LegFeed` that drops everything; the packets still show that the call goes on."""

    def audio(self, pcm: bytes | bytearray | memoryview) -> None: ...

    def gap(self, samples: int) -> None: ...

    def dtmf(self, digit: str) -> None: ...

    def close(self, reason: EndReason) -> None: ...
