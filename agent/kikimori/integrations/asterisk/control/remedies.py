"""Remedies for a person, by the problem that stands in the agent's health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.asterisk.ami_away import Away
from kikimori.integrations.asterisk.tls import AMI, TlsFault, tls_remedy
from kikimori_core.messages import remedy
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from kikimori_core.model.diagnosis import Diagnosis

_OF_AWAY = {
    each: remedy(each)
    for each in (
        Away.NOT_YET,
        Away.UNREACHABLE,
        Away.LOGIN_REFUSED,
        Away.NOT_AMI,
        Away.SILENT,
        Away.PASSWORD,
        Away.CA_FILE,
    )
} | {Away(f"pbx_{fault}"): tls_remedy(fault, AMI) for fault in TlsFault}


def remedy_of(away: Away) -> str:
    return _OF_AWAY[away]


def problem_of(check: Diagnosis) -> Problem:
    return Problem(code=check.check, detail=check.detail, remedy=check.next_step)
