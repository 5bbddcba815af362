"""Rights of the people who decide about ending a call, as the database has them at that moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_dashboard.access.people_book import who_of
from kikimori_dashboard.access.roles import Right, may
from kikimori_records.people import person_by_id

if TYPE_CHECKING:
    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.access.roles import AccessTarget
    from kikimori_records.endings import EndingProposal


class EndingDeciders:
    """Rights of deciders: all have the right to end the call, and one is a supervisor."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def people_for(self, target: AccessTarget, configured: int | None) -> int:
        """Return the number of people who decide about a call: as configured, else 2 where two supervisors may."""
        if configured is not None:
            return configured
        return min(2, max(1, sum(may(each, Right.COMMAND, target) for each in self._access.book.people())))

    async def may_decide(self, people: set[str], target: AccessTarget) -> bool:
        """Return whether all of these people may decide now, and one of them as a supervisor; raises StoreError."""
        found = [await person_by_id(self._access.store, each) for each in people]
        who = [who_of(each) for each in found if each is not None and each.disabled_at is None]
        if len(who) < len(people) or not all(may(each, Right.END_CALL, target) for each in who):
            return False
        return any(may(each, Right.COMMAND, target) for each in who)

    async def stand(self, proposal: EndingProposal, target: AccessTarget) -> bool:
        """Return whether those who decided on a proposal may still do so; raises StoreError."""
        second = proposal.second_id
        return second is not None and await self.may_decide({proposal.person_id, second}, target)
