"""Reasons for which there is no connection to the broker, in words for the person who mends it."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

import structlog

from kikimori_core.errors import secret_next_step
from kikimori_core.messages import text
from kikimori_core.wire.connection import BrokerMuteError, BrokerRefusedError, BrokerUnreachableError
from kikimori_core.wire.messages import Problem
from kikimori_core.wire.settings import secret_path

if TYPE_CHECKING:
    from kikimori_core.wire.settings import BrokerSettings

log = structlog.get_logger()

CERTIFICATE_CAUSES = {
    **dict.fromkeys((62, 64), "name"),
    10: "expired",
    9: "not_yet",
    **dict.fromkeys((2, 18, 19, 20, 21), "authority"),
    **dict.fromkeys((47, 48), "outside"),
    **dict.fromkeys((66, 67, 68), "weak"),
}
"""Fault of the broker's certificate, by OpenSSL's code (`X509_V_ERR_…`)."""

BAD_LOGIN = (134, 135)
"""MQTT's reason codes of a wrong password and of a client that is not admitted; 4 and 5 of MQTT 3.1.1."""

AIOMQTT_WORDS = {"Disconnected during message iteration": "the connection ended"}
"""Words of aiomqtt that tell people nothing, and ours for them."""


class BrokerStatus:
    """State of one connection to the broker; logs a reason once, not with every retry."""

    def __init__(self, settings: BrokerSettings) -> None:
        self._settings = settings
        self.problem: Problem | None = None
        """None while it stands, and before the first attempt."""

    def lost(self, error: Exception, retry_in_s: float) -> None:
        """Note a failure of `stay_connected`."""
        problem = broker_problem(error, self._settings)
        told = log.debug if problem == self.problem else log.warning
        self.problem = problem
        told(
            "broker_lost",
            reason=problem.detail,
            code=problem.code,
            remedy=problem.remedy,
            retry_in_s=retry_in_s,
        )

    def connected(self) -> None:
        self.problem = None


def broker_problem(error: Exception, settings: BrokerSettings) -> Problem:
    """Return code, detail (names broker and user) and next step for what `connect` raised."""
    where = f"broker {settings.host}:{settings.port}"
    match error:
        case BrokerRefusedError() if error.code in BAD_LOGIN:
            return _login(where, settings)
        case BrokerRefusedError():
            return Problem.of("broker_refused", where=where, error=error)
        case BrokerMuteError() if not settings.has_tls:
            return Problem.of("broker_mute", where=where)
        case BrokerUnreachableError():
            return _unreachable(where, error.cause, settings)
        case OSError():
            named = {"where": where, "reason": error.strerror or error, "file": error.filename}
            return Problem(
                code="broker_files",
                detail=text("broker_files.named" if error.filename else "broker_files", **named),
                remedy=secret_next_step(error, "the files of [mqtt]"),
            )
        case _:
            return Problem.of("broker_lost", where=where, error=AIOMQTT_WORDS.get(str(error), error))


def _login(where: str, settings: BrokerSettings) -> Problem:
    user = settings.username
    if user is None:
        return Problem.of("broker_login", cause="no_user", where=where)
    file = secret_path(settings.password_file) if settings.password_file else "[mqtt] password_file"
    return Problem.of("broker_login", cause="refused", where=where, user=user, file=file)


def _unreachable(where: str, cause: OSError, settings: BrokerSettings) -> Problem:
    code = "broker_unreachable"
    match cause:
        case ConnectionRefusedError():
            return Problem.of(code, cause="refused", where=where)
        case socket.gaierror():
            return Problem.of(code, cause="no_host", where=where)
        case ssl.SSLCertVerificationError():
            return _certificate(where, cause, settings)
        case ssl.SSLError():
            return Problem.of("broker_tls", where=where, reason=cause.reason or "it hung up")
        case ConnectionResetError() if settings.has_tls:
            return Problem.of("broker_tls", where=where, reason="it hung up")
        case TimeoutError():
            return Problem.of(code, cause="silent", where=where)
        case _:
            return Problem.of(code, cause="other", where=where, reason=cause.strerror or cause)


def _certificate(where: str, error: ssl.SSLCertVerificationError, settings: BrokerSettings) -> Problem:
    return Problem.of(
        "broker_certificate",
        cause=CERTIFICATE_CAUSES.get(error.verify_code, "other"),
        where=where,
        host=settings.host,
        reason=error.verify_message,
        ca_file=settings.ca_file or "[mqtt] ca_file",
    )
