"""Details of entries that the pages cannot word themselves: their words are the server's, in each language."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from kikimori_core.wire.opening_hours import hours_text
from kikimori_dashboard.ending.reasons import read_ending_reasons, reason_of
from kikimori_dashboard.pages.worded import LANGUAGES
from kikimori_dashboard.people.reasons import choice_of, false_reasons, help_reasons

if TYPE_CHECKING:
    from kikimori_records.audit.entry import AuditEntry


def worded_details(entry: AuditEntry) -> dict[str, Any]:
    """Return by language what an entry says in words of the server's, under the names of its details.

    `hours`: [before, after], "" = always. `reason`: why an alert was false. `why`: why the operator called for help.
    """
    found: dict[str, Any] = {}
    changed = entry.details.get("changed")
    hours = changed.get("hours") if isinstance(changed, dict) else None
    if isinstance(hours, list):
        # Hours of a newer version, or written into the database by hand, are left to the page.
        with suppress(AttributeError, TypeError):
            found["hours"] = {
                language: [hours_text(each or {}, language) for each in hours] for language in LANGUAGES
            }
    if entry.action == "alert.false":
        said = choice_of(false_reasons(), entry.details.get("reason"))
        if said is not None:
            found["reason"] = {"ja": said.ja, "en": said.en}
    if entry.action == "command.escalate":
        said = choice_of(help_reasons(), entry.details.get("why"))
        if said is not None:
            found["why"] = {"ja": said.ja, "en": said.en}
    if entry.action.startswith("ending.") and (why := entry.details.get("why")):
        # An office's own reason is worded where its file is: here by its id.
        reason = reason_of(read_ending_reasons(), str(why))
        found["why"] = {"ja": reason.ja, "en": reason.en}
    return found
