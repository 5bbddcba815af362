"""All dialogs that are known, by Call-ID. Plain state."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kikimori.integrations.mirror.dialog import Dialog
    from kikimori.integrations.mirror.packets import End


class DialogTable:
    """Those of one Call-ID stand in the order in which they began."""

    def __init__(self) -> None:
        self._all: dict[Dialog, None] = {}
        self._by_call_id: dict[str, list[Dialog]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Dialog]:
        return iter(list(self._all))

    def of(self, call_id: str) -> Sequence[Dialog]:
        return self._by_call_id.get(call_id, ())

    def ringing(self) -> Dialog | None:
        """Return the oldest one that was not answered."""
        return next((each for each in self._all if not each.answered), None)

    def add(self, dialog: Dialog) -> None:
        self._all[dialog] = None
        self._by_call_id.setdefault(dialog.call_id, []).append(dialog)

    def forget(self, dialog: Dialog) -> None:
        if dialog not in self._all:
            return
        del self._all[dialog]
        beside = self._by_call_id[dialog.call_id]
        beside.remove(dialog)
        if not beside:
            del self._by_call_id[dialog.call_id]

    def ends(self) -> set[End]:
        """Return every address and port to which audio may go."""
        described = (
            audio
            for dialog in self._all
            for fork in (dialog.active, *dialog.forks.values())
            for audio in fork.audio
        )
        offered = (attempt.offer for dialog in self._all for attempt in dialog.attempts.values())
        return {each.end for each in (*described, *offered) if each is not None and each.end is not None}
