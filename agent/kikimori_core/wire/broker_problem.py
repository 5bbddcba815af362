"""Reasons for which there is no connection to the broker, in words for the person who mends it."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

import structlog

from kikimori_core.errors import secret_next_step
from kikimori_core.wire.connection import BrokerRefusedError, BrokerUnreachableError
from kikimori_core.wire.messages import Problem
from kikimori_core.wire.settings import secret_path

if TYPE_CHECKING:
    from kikimori_core.wire.settings import BrokerSettings

log = structlog.get_logger()

BAD_LOGIN = (134, 135)
"""MQTT's reason codes of a wrong password and of a client that is not admitted; 4 and 5 of MQTT 3.1.1."""


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
            detail, remedy = f"{where} refuses the connection: {error}", "its log says more"
            return Problem(code="broker_refused", detail=detail, remedy=remedy)
        case BrokerUnreachableError():
            code, detail, remedy = _unreachable(where, error.cause, settings)
            return Problem(code=code, detail=detail, remedy=remedy)
        case OSError():
            named = f"{error.filename}: " if error.filename else ""
            return Problem(
                code="broker_files",
                detail=f"{where}: {named}{error.strerror or error}",
                remedy=secret_next_step(error, "the files of [mqtt]"),
            )
        case _:
            return Problem(code="broker_lost", detail=f"{where}: {error}")


def _login(where: str, settings: BrokerSettings) -> Problem:
    if settings.username is None:
        detail = f"{where} asks for a user, and none is set"
        remedy = "set [mqtt] username and password_file"
    else:
        detail = f"{where} refuses user {settings.username}: wrong password, or no such user"
        file = secret_path(settings.password_file) if settings.password_file else "[mqtt] password_file"
        remedy = (
            f"compare the first line of {file} with the broker's; set it anew there: "
            f"sudo mosquitto_passwd /etc/mosquitto/kikimori.passwd {settings.username}, then restart it"
        )
    return Problem(code="broker_login", detail=detail, remedy=remedy)


def _unreachable(where: str, cause: OSError, settings: BrokerSettings) -> tuple[str, str, str]:
    match cause:
        case ConnectionRefusedError():
            return (
                "broker_unreachable",
                f"{where}: nothing listens there",
                "is the broker running? else correct [mqtt] host and port",
            )
        case socket.gaierror():
            return (
                "broker_unreachable",
                f"{where}: the host's name is unknown",
                "correct [mqtt] host, or write its address",
            )
        case ssl.SSLCertVerificationError():
            return (
                "broker_certificate",
                f"{where}: its certificate is refused: {cause.verify_message}",
                f"{settings.ca_file or '[mqtt] ca_file'} must be its authority, and the certificate must name [mqtt] host",
            )
        case ssl.SSLError():
            return (
                "broker_tls",
                f"{where}: no TLS there ({cause.reason or 'it hung up'})",
                "take the port of its TLS listener (usually 8883), or remove [mqtt] ca_file and cert_file",
            )
        case TimeoutError():
            return "broker_unreachable", f"{where} does not answer", "is a firewall between?"
        case _:
            return "broker_unreachable", f"{where}: {cause.strerror or cause}", "check [mqtt] host and port"
