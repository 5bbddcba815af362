"""Notes on calls at work: from the pages to the database, and from there to every supervisor's page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori_dashboard.people.mark_desk import person_of
from kikimori_dashboard.site.call_entry import written_since
from kikimori_dashboard.site.changes import PicturePart
from kikimori_records import call_notes
from kikimori_records.store_following import follow_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.site.call_entry import NoteView
    from kikimori_dashboard.site.state import SiteState
    from kikimori_records.call_notes import CallNote
    from kikimori_records.store import Store


LOOK_EVERY_S = 2.0


class NoteDesk:
    """Notes of one dashboard's running calls."""

    def __init__(
        self,
        store: Store,
        state: SiteState,
        changed: Callable[[], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._state = state
        self._changed = changed
        self._now = now
        self._written = 0
        """Counts what was written here: what was read before that is older than it."""

    async def add(self, call_id: str, text: str, who: Principal) -> CallNote:
        """Add a note; raises StoreAwayError, TooManyNotesError, NobodyError."""
        note = await call_notes.add_note(self._store, call_id, text, person_of(who), self._now())
        self._written += 1
        # It may have been read already, between its commit and now.
        self._show(call_id, [*self._shown_besides(call_id, note.id), _view(note)])
        return note

    async def remove(self, call_id: str, note_id: str, who: Principal) -> bool:
        """Remove an own note; False when it is not one's own. Raises StoreAwayError, NobodyError."""
        done = await call_notes.remove_note(self._store, call_id, note_id, person_of(who))
        if done:
            self._written += 1
            self._show(call_id, self._shown_besides(call_id, note_id))
        return done

    async def keep(self) -> None:
        """Follow the database, until cancelled."""
        await follow_store(self.look, LOOK_EVERY_S, "notes_not_read")

    async def look(self) -> None:
        """Read the notes of the running calls, as this or another dashboard wrote them; raises StoreAwayError."""
        since = written_since(self._state.calls.values(), self._now())
        if since is None:
            return
        written = self._written
        found = await call_notes.notes_since(self._store, since)
        if written != self._written:
            return
        shown: dict[str, list[NoteView]] = {}
        for note in found:
            shown.setdefault(note.call_id, []).append(_view(note))
        for call_id in self._state.calls:
            self._show(call_id, shown.get(call_id, []))

    def _shown_besides(self, call_id: str, note_id: str) -> list[NoteView]:
        entry = self._state.calls.get(call_id)
        return [] if entry is None else [each for each in entry.notes if each["id"] != note_id]

    def _show(self, call_id: str, notes: list[NoteView]) -> None:
        """Show a call's notes; nothing where it ended meanwhile."""
        entry = self._state.calls.get(call_id)
        if entry is None or entry.notes == notes:
            return
        entry.notes = notes
        self._state.changes.touch(PicturePart.CALLS, call_id)
        self._changed()


def _view(note: CallNote) -> NoteView:
    return {
        "id": note.id,
        "text": note.text,
        "person_id": note.person_id,
        "name": note.name,
        "at": note.at.isoformat(),
    }
