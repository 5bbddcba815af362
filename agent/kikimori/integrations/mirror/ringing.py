"""Telephones that ring for a customer, from the dialogs of one call, told to the desk until the call is heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori.taps.withheld import customer_party
from kikimori_core.model.call import CallInfo

if TYPE_CHECKING:
    from kikimori.integrations.mirror.conversation import MirroredCall
    from kikimori.integrations.mirror.sides import DialogLinks
    from kikimori_core.model.feed import CallDesk


@dataclass(frozen=True, slots=True)
class _Rings:
    phones: tuple[str, ...] = ()
    answered: bool = False


_SILENT = _Rings()


class MirrorRings:
    """Rings of all calls. Of a call whose customer is uncertain nothing is told."""

    def __init__(self, desk: CallDesk, links: DialogLinks) -> None:
        self._desk = desk
        self._links = links
        self._told: dict[str, _Rings] = {}

    def review(self, call: MirroredCall | None) -> None:
        """Tell what rings in a call now, if that is another telephone than before."""
        if call is None:
            return
        told = self._told.get(call.call_id)
        if not call.dialogs:
            if self._told.pop(call.call_id, None) is not None:
                self._desk.ring_over(call.call_id)
            return
        rings = self._rings(call)
        # What began with its answer did not ring here, nor does a call that is heard.
        if call.opened_at is not None or rings == (told or _SILENT) or (told is None and rings.answered):
            return
        self._told[call.call_id] = rings
        customer = customer_party(call.dialogs[0].parties[0])
        info = CallInfo(call_id=call.call_id, tap="mirror", caller=customer)
        self._desk.ring(info, rings.phones, answered=rings.answered)

    def _rings(self, call: MirroredCall) -> _Rings:
        if call.uncertain or self._links.uncertain(call.dialogs):
            return _SILENT
        there = [each for each in call.dialogs if each.rings and not each.ended]
        # Behind a PBX the telephones ring, before it the number that was dialled.
        there = [each for each in there if self._links.is_twin(each)] or there
        answered = [each for each in there if each.answered]
        phones = [self._links.telephone(each) for each in answered or there]
        return _Rings(tuple(dict.fromkeys(each for each in phones if each)), answered=bool(answered))
