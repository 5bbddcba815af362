"""Earlier contacts of callers, as dashboards tell them, on their way to the calls' rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.model.evidence import ContactsOfDay, EarlierContacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kikimori.calls.desk import Desk
    from kikimori_core.wire.delivery import CallerContacts


def tell_callers(desk: Desk, callers: Mapping[str, CallerContacts]) -> None:
    """Give each running or ringing call the earlier contacts of its caller; calls that are over are left out."""
    for call_id, contacts in callers.items():
        call = desk.find(call_id)
        told = tuple(
            ContactsOfDay(each.days_ago, each.contacts, each.minutes, each.incidents)
            for each in contacts.days
        )
        if call is not None:
            call.observe(EarlierContacts(call.heard_s, told))
        else:
            desk.ringing.tell(call_id, EarlierContacts(0.0, told))
