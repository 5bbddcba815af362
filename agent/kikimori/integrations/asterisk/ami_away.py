"""Reasons for which there is no connection to the manager interface: errors, and a stable code for each."""

from __future__ import annotations

from enum import StrEnum

from kikimori.errors import KikimoriError, network_reason
from kikimori.integrations.asterisk.ami_codec import AmiProtocolError
from kikimori.integrations.asterisk.tls import TlsFault, tls_fault


class AmiAwayReason(StrEnum):
    """Reason for which there is no connection, as a stable code."""

    NOT_YET = "pbx_connecting"
    UNREACHABLE = "pbx_unreachable"
    SILENT = "pbx_silent"
    LOGIN_REFUSED = "pbx_login_refused"
    NOT_AMI = "pbx_not_ami"
    PASSWORD = "pbx_password_unreadable"  # noqa: S105  (the name of a fault)
    CA_FILE = "pbx_ca_file_unreadable"
    CERTIFICATE_UNKNOWN = f"pbx_{TlsFault.UNKNOWN}"
    CERTIFICATE_NAME = f"pbx_{TlsFault.NAME}"
    CERTIFICATE_DATES = f"pbx_{TlsFault.DATES}"
    NOT_TLS = f"pbx_{TlsFault.PLAIN}"
    TLS_FAILED = f"pbx_{TlsFault.OTHER}"


class AmiError(KikimoriError):
    """An action could not be done: no connection, no answer in time."""


class AmiLoginError(AmiError):
    """Asterisk refused the user or the password."""


class AmiSilentError(AmiError):
    """The port accepts the connection and sends nothing."""


class AmiPasswordError(AmiError):
    """The file with the password cannot be read."""


class AmiCaFileError(AmiError):
    """The file with the certificate authority cannot be read."""


_AWAY = {
    AmiLoginError: AmiAwayReason.LOGIN_REFUSED,
    AmiSilentError: AmiAwayReason.SILENT,
    AmiPasswordError: AmiAwayReason.PASSWORD,
    AmiCaFileError: AmiAwayReason.CA_FILE,
}


def why_away(error: AmiError | AmiProtocolError | OSError) -> tuple[AmiAwayReason, str]:
    """Return the reason for which a connection ended or was not made, and a text about it."""
    fault = tls_fault(error)
    if fault is not None:
        return AmiAwayReason(f"pbx_{fault[0]}"), fault[1]
    if isinstance(error, AmiError):
        return _AWAY.get(type(error), AmiAwayReason.UNREACHABLE), error.message
    if isinstance(error, AmiProtocolError):
        return AmiAwayReason.NOT_AMI, str(error)
    return AmiAwayReason.UNREACHABLE, "no answer" if isinstance(error, TimeoutError) else network_reason(
        error
    )
