"""Remedies for a person, by the problem that stands in the agent's health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.asterisk.ami_away import Away
from kikimori.integrations.asterisk.tls import AMI, TlsFault, tls_remedy
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from kikimori.integrations.asterisk.control.examining import Check

REACH = "is Asterisk running, `enabled = yes` and `bindaddr` in manager.conf, and [asterisk] ami_host, ami_port right?"
LOGIN = (
    "compare [asterisk] ami_user and ami_password_file with manager.conf, and see that its permit names this machine; "
    "then `asterisk -rx 'manager reload'`"
)
PORT = "[asterisk] ami_port is another service's: manager.conf says which port is AMI's"
PASSWORD = "`sudo kikimori doctor` says what is wrong with [asterisk] ami_password_file"  # noqa: S105  (a remedy)
SILENT = (
    "manager.conf: with the port of tlsbindaddr (usually 5039) write [asterisk] ami_tls = true; ami_port = 5038 is "
    "usually the one without TLS. If it is right, Asterisk hangs: `asterisk -rx 'manager show connected'`"
)
CA_FILE = "[asterisk] ca_file must be a PEM file that the service's user can read"

_OF_AWAY = {
    Away.NOT_YET: "it is tried again by itself",
    Away.UNREACHABLE: REACH,
    Away.LOGIN_REFUSED: LOGIN,
    Away.NOT_AMI: PORT,
    Away.SILENT: SILENT,
    Away.PASSWORD: PASSWORD,
    Away.CA_FILE: CA_FILE,
} | {Away(f"pbx_{fault}"): tls_remedy(fault, AMI) for fault in TlsFault}


def remedy_of(away: Away) -> str:
    return _OF_AWAY[away]


def problem_of(check: Check) -> Problem:
    return Problem(code=check.check, detail=check.detail, remedy=check.next_step)
