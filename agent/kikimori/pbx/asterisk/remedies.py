"""What a person does about it: remedies of what stands in the agent's health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.asterisk.ami import Away
from kikimori.pbx.asterisk.examining import LOGIN, PASSWORD, PORT, REACH
from kikimori_wire.messages import Problem

if TYPE_CHECKING:
    from kikimori.pbx.asterisk.examining import Check

_OF_AWAY = {
    Away.NOT_YET: "it is tried again by itself",
    Away.UNREACHABLE: REACH,
    Away.LOGIN_REFUSED: LOGIN,
    Away.NOT_AMI: PORT,
    Away.PASSWORD: PASSWORD,
}


def remedy_of(away: Away) -> str:
    return _OF_AWAY[away]


def problem_of(check: Check) -> Problem:
    return Problem(code=check.check, detail=check.detail, remedy=check.next_step)
