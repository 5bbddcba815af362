"""The last lines of a call, put together from final and partial ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_core.wire.messages import TranscriptLine

KEPT_LINES = 40
KEPT_GONE = 2 * KEPT_LINES

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class TranscriptTail:
    """At most `KEPT_LINES` lines in order of time, one partial per voice, with their versions of change."""

    def __init__(self) -> None:
        self._lines: dict[str, TranscriptLine] = {}
        """In order of time."""
        self._encoded: dict[str, str] = {}
        """JSON of each line, made once when it comes, however often the call is shown."""
        self._changed: dict[str, int] = {}
        self._gone: dict[str, int] = {}
        """Versions at which lines were dropped, the earliest first."""
        self._forgotten_up_to = -1
        """Version up to which dropped lines are not known any more."""
        self._json: str | None = "[]"
        """Of all lines; None when it has to be put together again."""

    def add(self, line: TranscriptLine, version: int = 0) -> bool:
        """Add a line that changes the picture to `version`; False when it is no news."""
        known = self._lines.get(line.line_id)
        if known == line or (known is not None and known.final and not line.final):
            return False
        # A partial without a final (recognition was shed) must not stay grey for ever; one that began later goes on.
        for other in [
            each
            for each in self._lines.values()
            if not each.final and each.role is line.role and each.start_s <= line.start_s
        ]:
            self._drop(other.line_id, version)
        if line.final and not line.text:
            # Nobody said anything that can be believed.
            if line.line_id in self._lines:
                self._drop(line.line_id, version)
            return known is not None
        self._gone.pop(line.line_id, None)
        self._put(line)
        self._changed[line.line_id] = version
        self._encoded[line.line_id] = _encode(_view(line))
        self._json = None
        if len(self._lines) > KEPT_LINES:
            self._drop(next(iter(self._lines)), version)
        return True

    def _put(self, line: TranscriptLine) -> None:
        """Put a line to its place: nearly always the last."""
        self._lines.pop(line.line_id, None)
        last = next(reversed(self._lines.values()), None)
        self._lines[line.line_id] = line
        if last is not None and _place(line) < _place(last):
            self._lines = {each.line_id: each for each in sorted(self._lines.values(), key=_place)}

    def _drop(self, line_id: str, version: int) -> None:
        del self._lines[line_id]
        del self._encoded[line_id]
        self._json = None
        del self._changed[line_id]
        self._gone[line_id] = version
        if len(self._gone) > KEPT_GONE:
            self._forgotten_up_to = self._gone.pop(next(iter(self._gone)))

    def add_all(self, lines: Iterable[TranscriptLine], version: int = 0) -> None:
        """Take the finals that an agent keeps in a call's state."""
        for line in lines:
            if line.line_id not in self._lines or not self._lines[line.line_id].final:
                self.add(line, version)

    def finals(self) -> list[TranscriptLine]:
        """Return the final lines in order of time."""
        return [each for each in self._lines.values() if each.final]

    def view(self) -> list[dict[str, Any]]:
        """Return the lines in order of time."""
        return [_view(line) for line in self._lines.values()]

    def to_json(self) -> str:
        """Return `view` as JSON."""
        if self._json is None:
            self._json = "[" + ",".join([self._encoded[each] for each in self._lines]) + "]"
        return self._json

    def changes_json(self, since: int) -> str | None:
        """Return `{"changed": [line, …], "gone": [id, …]}` after a version; None when that is too long ago to know."""
        if since < self._forgotten_up_to:
            return None
        changed = [self._encoded[each] for each, at in self._changed.items() if at > since]
        gone = [each for each, at in self._gone.items() if at > since]
        return f'{{"changed":[{",".join(changed)}],"gone":{_encode(gone)}}}'


def _place(line: TranscriptLine) -> tuple[float, str]:
    return (line.start_s, line.line_id)


def _view(line: TranscriptLine) -> dict[str, Any]:
    view: dict[str, Any] = {
        "id": line.line_id,
        "role": line.role.value,
        "start_s": line.start_s,
        "text": line.text,
        "final": line.final,
        **({"doubted": [each.model_dump() for each in line.doubted]} if line.doubted else {}),
    }
    if line.spoken_by is not None:
        superior = line.spoken_by.superior
        view["superior"] = {"name": superior.name or superior.number, "certain": line.spoken_by.certain}
    if line.other is not None and line.other.text != line.text:
        view["other"] = {"text": line.other.text, "engine": line.other.engine}
    return view
