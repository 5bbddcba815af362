"""The last lines of a call, put together from final and partial ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_wire.messages import TranscriptLine

KEPT_LINES = 40


class Tail:
    """At most `KEPT_LINES` lines in order of time; one partial per voice."""

    def __init__(self) -> None:
        self._lines: dict[str, TranscriptLine] = {}

    def add(self, line: TranscriptLine) -> bool:
        """Take a line; False when it tells nothing new."""
        known = self._lines.get(line.line_id)
        if known == line or (known is not None and known.final and not line.final):
            return False
        # A partial without a final (recognition was shed) must not stay grey for ever.
        for other in [each for each in self._lines.values() if not each.final and each.role is line.role]:
            del self._lines[other.line_id]
        self._lines[line.line_id] = line
        if len(self._lines) > KEPT_LINES:
            del self._lines[min(self._lines.values(), key=lambda each: each.start_s).line_id]
        return True

    def add_all(self, lines: Iterable[TranscriptLine]) -> None:
        """Take the finals that an agent keeps in a call's state."""
        for line in lines:
            if line.line_id not in self._lines or not self._lines[line.line_id].final:
                self.add(line)

    def view(self) -> list[dict[str, Any]]:
        ordered = sorted(self._lines.values(), key=lambda line: (line.start_s, line.line_id))
        return [
            {
                "id": line.line_id,
                "role": line.role.value,
                "start_s": line.start_s,
                "text": line.text,
                "final": line.final,
            }
            for line in ordered
        ]
