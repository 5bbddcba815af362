"""Assignment of streams to parties: the SRC's metadata and the office's `[sides]` combined. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori.media.sip.message import SipError
from kikimori.media.sip.values import parse_uri, plain_number
from kikimori.taps.sides import NOT_SELECTED, Endpoint, Sides, Unheard, selected, sort_out
from kikimori.taps.withheld import customer_party, operator_party, reason_of, reason_of_user
from kikimori_core.model.call import Party, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori.integrations.siprec.metadata import Participant, RecordingMetadata
    from kikimori.taps.sides import SidesTable

_BARE_NUMBER = re.compile(r"\+?[0-9*#()-]+")


@dataclass(frozen=True, slots=True)
class CallParties:
    """Parties and voices at one moment of a call."""

    voices: tuple[tuple[Role, str], ...] = ()
    """Role and speaker for each stream; a leg goes on only while both stay the same."""
    customer: Party = field(default_factory=Party)
    operator: Party = field(default_factory=Party)
    unheard: Unheard | None = None
    """Reason for which this call is not listened to; None = it is heard."""


class Parties:
    """Parties of one call. The customer is chosen once: a transfer changes only the other side."""

    def __init__(self, sides: SidesTable, first_stream: Role) -> None:
        """`first_stream`: role of the first voice when the SRC names nobody."""
        self._sides = sides
        self._first = first_stream
        self._customer: str | None = None

    def at_present(self, labels: Sequence[str | None], metadata: RecordingMetadata | None) -> CallParties:
        """Assign the parties. `labels`: of the streams that carry audio, in the order of the m-lines."""
        present = metadata.present if metadata is not None else ()
        if metadata is None or not present:
            return self._unnamed(len(labels))
        customer = next((each for each in present if _key(each) == self._customer), None)
        if customer is None:
            decided = self._decide(present)
            if isinstance(decided, Unheard):
                return CallParties(unheard=decided)
            customer = decided
        others = [each for each in present if each is not customer]
        voices = self._voices(labels, metadata, present, customer)
        # Of several, the one who came last: the superior, not the one who calls them in.
        speaking = {who for role, who in voices if role is Role.OPERATOR}
        operator = next((each for each in reversed(others) if _key(each) in speaking), None) or (
            others[-1] if others else None
        )
        if not selected(self._sides, endpoint_of(operator).number, None):
            return CallParties(unheard=NOT_SELECTED)
        self._customer = None if customer is None else _key(customer)
        return CallParties(voices, _customer_party(customer), _operator_party(operator))

    def _unnamed(self, streams: int) -> CallParties:
        if not selected(self._sides, "", None):
            return CallParties(unheard=NOT_SELECTED)
        if streams == 1:
            return CallParties(((Role.MIXED, ""),))
        return CallParties(
            tuple((self._first if at == 0 else _other(self._first), f"#{at}") for at in range(streams))
        )

    def _decide(self, present: Sequence[Participant]) -> Participant | Unheard | None:
        """Return the customer, or why the call is not heard; None = the customer is not named."""
        caller = next((each for each in present if each.called_first), None)
        if caller is None:
            # Whoever is said not to have called, did not.
            caller = next((each for each in present if each.called_first is not False), present[0])
        callee = next((each for each in present if each is not caller), None)
        ends = endpoint_of(caller), endpoint_of(callee)
        sides = sort_out(self._sides, *ends)
        if not isinstance(sides, Sides):
            return sides
        return caller if sides.customer is ends[0] else callee

    def _voices(
        self,
        labels: Sequence[str | None],
        metadata: RecordingMetadata,
        present: Sequence[Participant],
        customer: Participant | None,
    ) -> tuple[tuple[Role, str], ...]:
        speakers = [metadata.speakers(label) if label is not None else () for label in labels]
        if not any(speakers) and len(labels) == len(present) > 1:
            # Parties without their streams: both are named in the same order.
            speakers = [(each,) for each in present]
        voices: list[tuple[Role, str] | None] = []
        for who in speakers:
            if len(who) == 1:
                role = Role.CUSTOMER if who[0] is customer else Role.OPERATOR
                voices.append((role, _key(who[0])))
            else:
                voices.append((Role.MIXED, "") if who or len(labels) == 1 else None)
        known = {voice[0] for voice in voices if voice is not None}
        filled = []
        for at, voice in enumerate(voices):
            if voice is None:
                role = self._first if at == 0 else _other(self._first)
                if len(known) == 1 and len(labels) == 2:
                    role = _other(next(iter(known)))
                voice = (role, f"#{at}")  # noqa: PLW2901  (the unknown one is what is filled in)
            filled.append(voice)
        return tuple(filled)


def endpoint_of(participant: Participant | None) -> Endpoint:
    """Return a participant as `[sides]` sees it: `user@host`, the user part, the name."""
    if participant is None:
        return Endpoint()
    aor = participant.aor
    try:
        uri = parse_uri(aor)
    except SipError:
        user = plain_number(aor)
        name = user
    else:
        # Metaswitch and others give a number alone, with or without a scheme.
        user = uri.user or (uri.host if _BARE_NUMBER.fullmatch(uri.host) else "")
        user = plain_number(user)
        name = f"{user}@{uri.host}" if uri.host and uri.user else user or uri.host
    withheld = reason_of(participant.name) or reason_of_user(name)
    if reason_of_user(name):
        user = ""
    return Endpoint(name, user, participant.name, withheld)


def _customer_party(participant: Participant | None) -> Party:
    return customer_party(endpoint_of(participant))


def _operator_party(participant: Participant | None) -> Party:
    return operator_party(endpoint_of(participant))


def _key(participant: Participant) -> str:
    return f"{participant.id} {participant.aor}"


def _other(role: Role) -> Role:
    return {Role.CUSTOMER: Role.OPERATOR, Role.OPERATOR: Role.CUSTOMER}.get(role, Role.MIXED)
