"""Dialogs that make up one call, and the customer in them. Pure.

A twin is a dialog that the PBX begins while it has another one with the same number of a customer: the INVITE goes out
from the address to which the first one came. A transfer is a dialog that a telephone begins because it was told to
(REFER), or in place of another (Replaces).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kikimori.integrations.mirror.twins import twin_of
from kikimori.taps.sides import NOT_SELECTED, Sides, Unheard, selected, sort_out
from kikimori_core.model.call import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori.integrations.mirror.dialog import Dialog
    from kikimori.taps.sides import SidesTable

REFER_S = 30.0
"""Seconds within which a telephone that was told to call somebody does so."""

_MOST_EXPECTED = 1000

Link = Literal["first", "twin", "transfer"]


@dataclass(frozen=True, slots=True)
class _Expected:
    dialog: Dialog
    user: str
    replaces: str | None
    until: float


class DialogLinks:
    """Links between dialogs that belong to one call."""

    def __init__(self, table: SidesTable, twins: Literal["outside", "inside", "both"]) -> None:
        self._table = table
        # Who is who does not depend on who is listened to.
        self._everybody = table.model_copy(
            update={"only_operators": (), "never_operators": (), "only_queues": ()}
        )
        self._twins = twins
        self._links: dict[Dialog, Link] = {}
        self._customer: dict[Dialog, int] = {}
        self._expected: list[_Expected] = []
        self._beyond: dict[Dialog, list[Dialog]] = {}
        self._doubted: set[Dialog] = set()

    def place(self, dialog: Dialog, known: Sequence[Dialog]) -> tuple[Dialog | None, Link]:
        """Find the dialog that is one call with a new one."""
        before = self._transferred(dialog, known)
        if before is not None:
            self._customer[dialog] = self._same_customer(before, dialog)
            return before, "transfer"
        if self._twins != "both":
            found = twin_of(dialog, known, first=self._first_of, beyond=self._twins_of)
            if found is not None:
                twin = found.dialog
                if twin in self._customer:
                    self._customer[dialog] = self._customer[twin]
                self._beyond.setdefault(twin, []).append(dialog)
                self._doubted.update(found.doubted)
                return twin, "twin"
        return None, "first"

    def uncertain(self, dialogs: Sequence[Dialog]) -> bool:
        """Return whether a twin of a call may belong to another call."""
        return any(each in self._doubted for each in dialogs)

    def _twins_of(self, dialog: Dialog) -> list[Dialog]:
        return [each for each in self._beyond.get(dialog, ()) if not each.ended]

    def _first_of(self, dialog: Dialog) -> Dialog:
        return next((first for first, twins in self._beyond.items() if dialog in twins), dialog)

    def remember(self, dialog: Dialog, link: Link) -> None:
        self._links[dialog] = link
        if dialog not in self._customer:
            found = sort_out(self._everybody, *dialog.parties)
            if not isinstance(found, Unheard):
                self._customer[dialog] = 0 if found.customer is dialog.parties[0] else 1

    def forget(self, dialog: Dialog) -> None:
        self._links.pop(dialog, None)
        self._customer.pop(dialog, None)
        self._beyond.pop(dialog, None)
        self._doubted.discard(dialog)
        for twins in self._beyond.values():
            if dialog in twins:
                twins.remove(dialog)
        self._expected = [each for each in self._expected if each.dialog is not dialog]

    def expect(self, dialog: Dialog, user: str, replaces: str | None, now: float) -> None:
        """Note that one side of `dialog` was told to call `user`."""
        self._expected = [each for each in self._expected if each.until > now][-_MOST_EXPECTED:]
        self._expected.append(_Expected(dialog, user, replaces, now + REFER_S))

    def role(self, dialog: Dialog, by: int) -> Role:
        return Role.CUSTOMER if self._customer.get(dialog, 0) == by else Role.OPERATOR

    def is_twin(self, dialog: Dialog) -> bool:
        """Return whether a dialog is a call's on the other side of the PBX."""
        return self._links.get(dialog) == "twin"

    def telephone(self, dialog: Dialog) -> str:
        """Return the extension that a customer calls; "" where none does, or it is not listened to."""
        number = dialog.parties[1].number
        return number if self._customer.get(dialog) == 0 and selected(self._table, number, None) else ""

    def choose(self, dialogs: Sequence[Dialog], readable: Sequence[Dialog]) -> Dialog | None:
        """Return the dialog of a call that is to be heard.

        Args:
            dialogs: All that have not ended.
            readable: Those of them that were answered and can be read.
        """
        transfers = [each for each in readable if self._links.get(each) == "transfer"]
        if transfers:
            return transfers[-1]
        twins = [each for each in readable if self._links.get(each) == "twin"]
        if twins and self._twins == "inside":
            return twins[-1]
        first = next((each for each in dialogs if self._links.get(each) == "first"), None)
        if first in readable:
            return first
        # Encrypted towards the carrier, readable in the house. When the outside has ended, the twin is about to.
        return twins[-1] if twins and first is not None and first.answered else None

    def sides(self, dialogs: Sequence[Dialog], chosen: Dialog) -> Sides | Unheard:
        """Return the sides of a call in which `chosen` is heard; the operator is the answered twin's."""
        found = sort_out(self._everybody, *chosen.parties)
        if chosen not in self._customer:
            return found if isinstance(found, Unheard) else NOT_SELECTED
        at = self._customer[chosen]
        customer, operator = chosen.parties[at], chosen.parties[1 - at]
        if self._links.get(chosen) != "transfer":
            for each in dialogs:
                if each.answered and self._links.get(each) == "twin":
                    operator = each.parties[1 - self._customer.get(each, at)]
            first = dialogs[0]
            if first is not chosen and first in self._customer:
                customer = first.parties[self._customer[first]]
        if not selected(self._table, operator.number, None):
            return NOT_SELECTED
        return Sides(customer=customer, operator=operator)

    def _transferred(self, dialog: Dialog, known: Sequence[Dialog]) -> Dialog | None:
        for each in self._expected:
            if each.until < dialog.began:
                continue
            if each.replaces is not None and each.replaces == dialog.replaces:
                return each.dialog
            caller = dialog.parties[0].number
            if (
                each.replaces is None
                and each.user == dialog.asked_for
                and caller in {party.number for party in each.dialog.parties}
            ):
                return each.dialog
        if dialog.replaces is not None:
            return next((each for each in known if each.call_id == dialog.replaces), None)
        return None

    def _same_customer(self, before: Dialog, dialog: Dialog) -> int:
        at = self._customer.get(before, 0)
        number = before.parties[at].number
        for by, party in enumerate(dialog.parties):
            if number and party.number == number:
                return by
        found = sort_out(self._everybody, *dialog.parties)
        return 1 if isinstance(found, Sides) and found.customer is dialog.parties[1] else 0
