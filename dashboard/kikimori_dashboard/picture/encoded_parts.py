"""JSON of the picture by key: encoded once per change, however many browsers show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kikimori_dashboard.site.changes import ChangeLog


class EncodedParts:
    """JSON of the keys that exist, kept until they change."""

    def __init__(
        self,
        changes: ChangeLog,
        encoders: Mapping[PicturePart, Callable[[str], str | None]],
        *,
        with_lines: bool = True,
    ) -> None:
        """`encoders`: return the JSON of a key by its name, None for one without content. `with_lines`: calls have their words."""
        self._with_lines = with_lines
        self._changes = changes
        self._encoders = encoders
        self._known: dict[PicturePart, dict[str, tuple[int, str]]] = {part: {} for part in encoders}
        """JSON with the version at which it was made, by key."""
        changes.on_gone.append(self._forget)

    def __len__(self) -> int:
        return sum(len(each) for each in self._known.values())

    def json(self, part: PicturePart, name: str) -> str:
        """Return a key's JSON, `null` when it is gone."""
        known = self._known[part]
        version = self._changes.version_of(part, name)
        if part is PicturePart.CALLS and self._with_lines:
            version = max(version, self._changes.version_of(PicturePart.LINES, name))
        found = known.get(name)
        if found is not None and found[0] == version:
            return found[1]
        text = self._encoders[part](name)
        if text is None:
            known.pop(name, None)
            return "null"
        known[name] = (version, text)
        return text

    def _forget(self, part: PicturePart, name: str) -> None:
        if part in self._known:
            self._known[part].pop(name, None)
