"""Names that found no room in the picture, so that the page can say how much is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from collections.abc import Collection

    from kikimori_dashboard.site.changes import ChangeLog

MAX_NAMES = 100_000
"""Most names of each part; beyond them the count stands still."""


class LeftOut:
    """Names that are not shown because a limit is reached."""

    def __init__(self, changes: ChangeLog) -> None:
        self.messages = 0
        """Number of messages about names left out, since start."""
        self._changes = changes
        self._names: dict[PicturePart, set[str]] = {}

    def has_room(self, part: PicturePart, name: str, known: Collection[str], most: int) -> bool:
        """Return whether there is room beside the `known`, at most `most`; count the name if not."""
        if name in known or len(known) < most:
            self.is_over(part, name)
            return True
        self.messages += 1
        names = self._names.setdefault(part, set())
        if name not in names and len(names) < MAX_NAMES:
            names.add(name)
            self._changes.touch(PicturePart.SITE)
        return False

    def is_over(self, part: PicturePart, name: str) -> None:
        """Note that this name is not left out any more."""
        names = self._names.get(part)
        if names and name in names:
            names.remove(name)
            self._changes.touch(PicturePart.SITE)

    def clear(self) -> None:
        self._names.clear()

    def counts(self) -> dict[str, int]:
        """Return the number of names left out, by part; nothing for a part that is complete."""
        return {part.value: len(names) for part, names in self._names.items() if names}
