"""Messages for one page that says what it draws.

To what every page gets they add `lines` of the call that is shown whole, `levels` of the calls that are drawn, and `past`,
once, of those that are drawn as a card. A snapshot holds the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_dashboard.live.looks.message import Look
from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from kikimori_dashboard.live.looks.audience import SightAudience, SiteAudience
    from kikimori_dashboard.site.call_entry import CallEntry
    from kikimori_dashboard.site.state import SiteState

CARDS_EVERY_S = 0.1
ROWS_EVERY_S = 1.0


class LookFeed:
    """Knows what one page has, and says what it lacks."""

    def __init__(
        self,
        state: SiteState,
        audience: SiteAudience | SightAudience,
        reviewed: Callable[[], str] | None = None,
    ) -> None:
        """`reviewed` returns the alerts that the page's person has gone through, as a JSON array."""
        self._state = state
        self._audience = audience
        self._reviewed = reviewed
        self._reviewed_told = ""
        """Array that the page has."""
        self._look = Look(type="look")
        self._wanted_cards: tuple[str, ...] = ()
        self._wanted_rows: tuple[str, ...] = ()
        self._cards: dict[str, tuple[object, str]] = {}
        """Levels that the page has of calls with a card, or whole, with the run of their history."""
        self._rows: dict[str, str] = {}
        """Levels that the page has of calls with a row."""
        self._rows_at = 0.0
        self._lines: tuple[CallEntry, int] | None = None
        """Call of which the page has the words, and up to which version."""
        self.version: int | None = None
        """Version up to which changes were looked at; None before the snapshot."""
        self.sent: int | None = None
        """Version that the page has; smaller than `version` where nothing since was for it."""

    @property
    def alerts(self) -> set[str] | None:
        """Return the alerts that the page got; None = all there are."""
        return self._audience.alerts

    def look(self, look: Look) -> None:
        """Take what the page draws from now on."""
        if look.whole != self._look.whole:
            self._lines = None
        self._look = look
        cards = {*look.cards, *([look.whole] if look.whole is not None else [])}
        rows = {*look.rows} - cards
        self._cards = {each: has for each, has in self._cards.items() if each in cards}
        self._rows = {each: has for each, has in self._rows.items() if each in rows}
        self._wanted_cards, self._wanted_rows = tuple(cards), tuple(rows)

    def news(self, now: datetime, clock: float, *, levels: bool) -> str:
        """Return the next message; "" for nothing that the page lacks.

        Args:
            now: For the clocks of the page.
            clock: Time of the loop in s, for levels of rows.
            levels: Those of cards are due.
        """
        seq = self._state.changes.version
        fields = None
        if not self._audience.outdated() and self.version is not None and self.sent is not None:
            fields = self._audience.fields_since(self.version)
        if fields is None:
            self._cards, self._rows, self._lines, self._rows_at = {}, {}, None, 0.0
            self._reviewed_told = ""
            head = f'{{"type":"snapshot","seq":{seq},"now":"{now.isoformat()}"'
            fields = self._audience.all_fields()
        else:
            head = f'{{"type":"delta","from":{self.sent},"seq":{seq},"now":"{now.isoformat()}"'
        drawn = self._drawn(clock, levels=levels)
        self.version = seq
        return f"{','.join([head, *fields, *drawn])}}}" if fields or drawn or self.sent is None else ""

    def _drawn(self, clock: float, *, levels: bool) -> list[str]:
        past: list[str] = []
        shown: list[str] = []
        for call_id in self._wanted_cards:
            entry = self._shown(call_id)
            if entry is None or entry.levels is None:
                continue
            known = self._cards.get(call_id)
            if known is None or known[0] is not entry.history.run:
                past.append(f"{entry.encoded_levels.key}:{entry.history.to_json()}")
            elif not levels:
                continue
            text = entry.encoded_levels.card(entry.levels)
            if known is None or known[1] is not text:
                self._cards[call_id] = (entry.history.run, text)
                shown.append(text)
        shown += self._row_levels(clock)
        fields = [f'"lines":{{{lines}}}'] if (lines := self._whole_lines()) else []
        if self._reviewed is not None and (reviewed := self._reviewed()) != self._reviewed_told:
            self._reviewed_told = reviewed
            fields.append(f'"reviewed":{reviewed}')
        if past:
            fields.append(f'"past":{{{",".join(past)}}}')
        if shown:
            fields.append(f'"levels":{{{",".join(shown)}}}')
        return fields

    def _row_levels(self, clock: float) -> list[str]:
        """Return the levels of rows that differ, once a second; of a new row at once."""
        due = clock - self._rows_at >= ROWS_EVERY_S
        if due:
            self._rows_at = clock
        elif len(self._rows) == len(self._wanted_rows):
            return []
        shown = []
        rows = self._rows
        for call_id in self._wanted_rows:
            known = rows.get(call_id)
            if known is not None and not due:
                continue
            entry = self._shown(call_id)
            text = "" if entry is None or entry.levels is None else entry.encoded_levels.row(entry.levels)
            if text is not known and text != known:
                rows[call_id] = text
                if text:
                    shown.append(text)
        return shown

    def _whole_lines(self) -> str:
        call_id = self._look.whole
        entry = None if call_id is None else self._shown(call_id)
        if call_id is None or entry is None:
            self._lines = None
            return ""
        changes = self._state.changes
        lines: str | None = None
        if self._lines is not None and self._lines[0] is entry:
            since = self._lines[1]
            latest = max(
                changes.version_of(PicturePart.LINES, call_id), changes.version_of(PicturePart.CALLS, call_id)
            )
            if latest <= since:
                return ""
            lines = entry.tail.changes_json(since)
        self._lines = (entry, changes.version)
        if lines is None:
            lines = f'{{"changed":{entry.tail.to_json()},"gone":[],"all":true}}'
        elif lines == _NO_LINES:
            return ""
        return f"{entry.encoded_levels.key}:{lines}"

    def _shown(self, call_id: str) -> CallEntry | None:
        return self._state.calls.get(call_id) if self._audience.shows(call_id) else None


_NO_LINES = '{"changed":[],"gone":[]}'
