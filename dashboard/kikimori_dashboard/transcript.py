"""The last lines of a call, put together from final and partial ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_wire.messages import TranscriptLine

KEPT_LINES = 40

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Tail:
    """At most `KEPT_LINES` lines in order of time; one partial per voice."""

    def __init__(self) -> None:
        self._lines: dict[str, TranscriptLine] = {}
        self._encoded: dict[str, str] = {}
        """Each line as `to_json` needs it: encoded once, when it comes, however often the call is shown."""

    def add(self, line: TranscriptLine) -> bool:
        """Take a line; False when it tells nothing new."""
        known = self._lines.get(line.line_id)
        if known == line or (known is not None and known.final and not line.final):
            return False
        # A partial without a final (recognition was shed) must not stay grey for ever.
        for other in [each for each in self._lines.values() if not each.final and each.role is line.role]:
            self._drop(other.line_id)
        self._lines[line.line_id] = line
        self._encoded[line.line_id] = _encode(_view(line))
        if len(self._lines) > KEPT_LINES:
            self._drop(min(self._lines.values(), key=lambda each: each.start_s).line_id)
        return True

    def _drop(self, line_id: str) -> None:
        del self._lines[line_id]
        del self._encoded[line_id]

    def add_all(self, lines: Iterable[TranscriptLine]) -> None:
        """Take the finals that an agent keeps in a call's state."""
        for line in lines:
            if line.line_id not in self._lines or not self._lines[line.line_id].final:
                self.add(line)

    def view(self) -> list[dict[str, Any]]:
        """Return the lines in order of time."""
        return [_view(line) for line in self._ordered()]

    def to_json(self) -> str:
        """Return `view` as JSON."""
        return "[" + ",".join([self._encoded[line.line_id] for line in self._ordered()]) + "]"

    def _ordered(self) -> list[TranscriptLine]:
        return sorted(self._lines.values(), key=lambda line: (line.start_s, line.line_id))


def _view(line: TranscriptLine) -> dict[str, Any]:
    return {
        "id": line.line_id,
        "role": line.role.value,
        "start_s": line.start_s,
        "text": line.text,
        "final": line.final,
    }
