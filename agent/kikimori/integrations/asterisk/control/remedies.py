"""Remedies for a person, by the problem that stands in the agent's health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.asterisk.ami_away import AmiAwayReason
from kikimori.integrations.asterisk.tls import AMI, TlsFault, tls_remedy
from kikimori_core.messages import remedy
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from kikimori_core.model.diagnosis import Diagnosis

_OF_AWAY = {
    each: remedy(each)
    for each in (
        AmiAwayReason.NOT_YET,
        AmiAwayReason.UNREACHABLE,
        AmiAwayReason.LOGIN_REFUSED,
        AmiAwayReason.NOT_AMI,
        AmiAwayReason.SILENT,
        AmiAwayReason.PASSWORD,
        AmiAwayReason.CA_FILE,
    )
} | {AmiAwayReason(f"pbx_{fault}"): tls_remedy(fault, AMI) for fault in TlsFault}


def remedy_of(away: AmiAwayReason) -> str:
    return _OF_AWAY[away]


def problem_of(check: Diagnosis) -> Problem:
    return Problem(code=check.check, detail=check.detail, remedy=check.next_step)
