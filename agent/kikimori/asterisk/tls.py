"""What is wrong with a TLS connection to Asterisk, as a stable word, in a few words, and what to do about it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from enum import StrEnum


class TlsFault(StrEnum):
    """What is wrong."""

    UNKNOWN = "certificate_unknown"
    """Not made by an authority that is trusted here."""
    NAME = "certificate_name"
    """Of another name than Asterisk is reached by."""
    DATES = "certificate_dates"
    """No more valid, or not yet."""
    PLAIN = "not_tls"
    """The port answers, without TLS."""
    OTHER = "tls_failed"


_BY_CODE = {9: TlsFault.DATES, 10: TlsFault.DATES, 62: TlsFault.NAME, 64: TlsFault.NAME}
"""OpenSSL's x509_vfy.h: not yet valid, has expired, host name mismatch, IP address mismatch."""
_PLAIN_REASONS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
"""What OpenSSL says when it is answered in plain text; which one depends on its version and on the text."""


@dataclass(frozen=True, slots=True)
class Interface:
    """The words in which remedies speak of AMI or ARI."""

    file: str
    address: str
    """The keys of `[asterisk]` that say where it is."""
    port: int
    """Usual port with TLS."""
    plain: str
    """How to do without TLS."""
    reload: str


AMI = Interface("manager.conf", "ami_host and ami_port", 5039, "ami_tls = false", "manager reload")
ARI = Interface("http.conf", "ari_url", 8089, "http:// in ari_url", "module reload http")


def tls_fault(error: BaseException) -> tuple[TlsFault, str] | None:
    """Tell a fault of TLS and what OpenSSL said about it from every other error; also as aiohttp wraps it."""
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
    """Say what to do about it."""
    look = "openssl s_client -connect HOST:PORT </dev/null"
    match fault:
        case TlsFault.UNKNOWN:
            return (
                f"[asterisk] ca_file must hold the authority that made the certificate of {interface.file}'s tlscertfile, "
                f"or a copy of that certificate itself; `{look}` shows what Asterisk presents"
            )
        case TlsFault.NAME:
            return (
                f"write a name of the certificate in [asterisk] {interface.address}, or as tls_name; "
                f"`{look} | openssl x509 -noout -subject -ext subjectAltName` shows its names"
            )
        case TlsFault.DATES:
            return (
                f"have {interface.file}'s tlscertfile renewed, or set this machine's clock: "
                f"`{look} | openssl x509 -noout -dates`"
            )
        case TlsFault.PLAIN:
            return (
                f"[asterisk] {interface.address} must name the port of {interface.file}'s tlsbindaddr (usually "
                f"{interface.port}, with tlsenable = yes); to do without TLS: {interface.plain}"
            )
        case _:
            return (
                f"see Asterisk's log, and tlscertfile, tlsprivatekey and the tlsdisable… lines of {interface.file}, "
                f"then `asterisk -rx '{interface.reload}'`"
            )
