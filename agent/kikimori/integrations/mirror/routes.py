"""Assignment of RTP packets to voices, by the addresses that SIP named."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori.integrations.mirror.conversation import MirroredVoice
    from kikimori.integrations.mirror.packets import End


class VoiceRoutes:
    """Voices by address and port; each belongs to the call that named it last."""

    __slots__ = ("_by_source", "_by_target")

    def __init__(self) -> None:
        self._by_target: dict[End, MirroredVoice] = {}
        self._by_source: dict[End, MirroredVoice] = {}

    def find(self, source: End, target: End) -> MirroredVoice | None:
        """Return the voice that speaks from `source` to `target`.

        The target decides. The source helps behind a NAT, where the target differs from the one in the description.
        """
        return self._by_target.get(target) or self._by_source.get(source)

    def add(self, voice: MirroredVoice, *, source: End | None, target: End | None) -> None:
        self.remove(voice)
        if target is not None:
            self._by_target[target] = voice
        if source is not None:
            self._by_source[source] = voice
        voice.ends = (source, target)

    def remove(self, voice: MirroredVoice) -> None:
        source, target = voice.ends
        if source is not None and self._by_source.get(source) is voice:
            del self._by_source[source]
        if target is not None and self._by_target.get(target) is voice:
            del self._by_target[target]
        voice.ends = (None, None)
