"""Facts about the caller of a running call, as the pages get them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kikimori_records.callers.contacts import LAST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kikimori_records.callers.contacts import Contact, ContactDay
    from kikimori_records.callers.customer import Customer


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """A caller: pseudonym, entry of the customers' list, earlier contacts."""

    key: str
    customer: Customer | None
    contacts: int
    """Earlier contacts that are kept."""
    last: tuple[Contact, ...]
    """The newest first."""
    days: tuple[ContactDay, ...] = ()
    """Contacts of the last days, for rules about repeat callers."""

    def supervisor_view(self) -> dict[str, Any]:
        """Return what a supervisor's page shows: no words of any call."""
        customer = self.customer
        return {
            "key": self.key,
            "name": customer and customer.name,
            "contract": customer and customer.contract,
            "in_charge": customer and customer.in_charge,
            "manner": customer and customer.manner,
            "contacts": self.contacts,
            "last": [
                {
                    "at": each.started_at.isoformat(),
                    "operator": each.operator,
                    "worst": each.worst,
                    "outcome": each.outcome,
                }
                for each in self.last
            ],
        }

    def operator_view(self) -> dict[str, Any]:
        """Return what an operator's page shows: neither scores nor words."""
        return {
            "name": self.customer and self.customer.name,
            "manner": self.customer and self.customer.manner,
            "contacts": self.contacts,
            "last": [{"at": each.started_at.isoformat(), "operator": each.operator} for each in self.last],
        }


def known_caller(
    key: str,
    customer: Customer | None,
    counts: Iterable[int],
    last: Iterable[Sequence[Contact]],
    days: Iterable[Sequence[ContactDay]],
) -> KnownCaller:
    """Put a caller together from what is known of each of their numbers."""
    merged = sorted((each for some in last for each in some), key=lambda each: each.started_at, reverse=True)
    return KnownCaller(key, customer, sum(counts), tuple(merged[:LAST]), _summed(days))


def _summed(days: Iterable[Sequence[ContactDay]]) -> tuple[ContactDay, ...]:
    found: dict[int, ContactDay] = {}
    for each in (day for some in days for day in some):
        known = found.get(each.days_ago)
        found[each.days_ago] = each if known is None else known + each
    return tuple(found[ago] for ago in sorted(found))
