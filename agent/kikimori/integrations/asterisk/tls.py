"""Faults of a TLS connection to Asterisk: stable code, short description and remedy."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from enum import StrEnum

from kikimori_core.messages import remedy


class TlsFault(StrEnum):
    """Kind of fault of a TLS connection, as a stable code."""

    UNKNOWN = "certificate_unknown"
    """The certificate's authority is not trusted here."""
    NAME = "certificate_name"
    """The certificate is for another name than that by which Asterisk is reached."""
    DATES = "certificate_dates"
    """The certificate has expired, or is not valid yet."""
    PLAIN = "not_tls"
    """The port answers without TLS."""
    OTHER = "tls_failed"


_BY_CODE = {9: TlsFault.DATES, 10: TlsFault.DATES, 62: TlsFault.NAME, 64: TlsFault.NAME}
"""OpenSSL's x509_vfy.h: not yet valid, has expired, host name mismatch, IP address mismatch."""
_PLAIN_REASONS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
"""OpenSSL's reasons when the peer answers in plain text; which one depends on its version and on the text."""


@dataclass(frozen=True, slots=True)
class Interface:
    """Names of AMI or ARI in the texts of remedies."""

    file: str
    address: str
    """Keys of `[asterisk]` that hold its address."""
    port: int
    """Usual port with TLS."""
    plain: str
    """Configuration that does without TLS."""
    reload: str


AMI = Interface("manager.conf", "ami_host and ami_port", 5039, "ami_tls = false", "manager reload")
ARI = Interface("http.conf", "ari_url", 8089, "http:// in ari_url", "module reload http")


def tls_fault(error: BaseException) -> tuple[TlsFault, str] | None:
    """Return an error's TLS fault, also as aiohttp wraps it, with OpenSSL's text; None for other errors."""
    # aiohttp's ClientConnectorSSLError has `os_error`, its ClientConnectorCertificateError `certificate_error`.
    for name in ("certificate_error", "os_error"):
        inner = getattr(error, name, None)
        if isinstance(inner, ssl.SSLError):
            error = inner
    if isinstance(error, ssl.SSLCertVerificationError):
        return _BY_CODE.get(error.verify_code, TlsFault.UNKNOWN), f"its certificate: {error.verify_message}"
    if not isinstance(error, ssl.SSLError):
        return None
    if error.reason in _PLAIN_REASONS:
        return TlsFault.PLAIN, "the port does not speak TLS"
    return TlsFault.OTHER, f"TLS: {error.reason or error}"


def tls_remedy(fault: TlsFault, interface: Interface) -> str:
    """Return the remedy for a TLS fault."""
    return remedy(
        f"asterisk_{fault}",
        file=interface.file,
        address=interface.address,
        port=interface.port,
        plain=interface.plain,
        reload=interface.reload,
    )
