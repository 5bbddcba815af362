"""Reasons of failed TLS handshakes, in words for people. Pure: no sockets."""

from __future__ import annotations

import ssl
from typing import NamedTuple

HUNG_UP = "tls_hung_up"
"""Reason: the peer ended the handshake: a test of the port, or a cause that only its own log names."""

_REASONS = (
    # part of OpenSSL's word for it, ours
    ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "tls_no_client_certificate"),
    ("ALERT_UNKNOWN_CA", "tls_own_certificate_refused"),
    ("ALERT_BAD_CERTIFICATE", "tls_own_certificate_refused"),
    ("ALERT_CERTIFICATE", "tls_own_certificate_refused"),
    ("ALERT_UNSUPPORTED_CERTIFICATE", "tls_own_certificate_refused"),
    ("HTTP_REQUEST", "tls_not_tls"),
    ("WRONG_VERSION_NUMBER", "tls_not_tls"),
    ("PACKET_LENGTH_TOO_LONG", "tls_not_tls"),
    ("RECORD_LAYER_FAILURE", "tls_not_tls"),
    ("UNSUPPORTED_PROTOCOL", "tls_nothing_in_common"),
    ("PROTOCOL_VERSION", "tls_nothing_in_common"),
    ("VERSION_TOO_LOW", "tls_nothing_in_common"),
    ("NO_SHARED_CIPHER", "tls_nothing_in_common"),
    ("NO_SUITABLE", "tls_nothing_in_common"),
    ("HANDSHAKE_FAILURE", "tls_nothing_in_common"),
    ("INSUFFICIENT_SECURITY", "tls_nothing_in_common"),
)


class Failure(NamedTuple):
    """One failed handshake."""

    reason: str
    """A stable word."""
    detail: str = ""
    """OpenSSL's words for it."""


def failure_of(error: OSError) -> Failure:
    """Return the reason behind the error of a handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure("tls_client_certificate_refused", error.verify_message)
    if isinstance(error, ssl.SSLError):
        said = error.reason or ""
        return Failure(next((ours for part, ours in _REASONS if part in said), "tls_handshake_failed"), said)
    if isinstance(error, ConnectionAbortedError):
        return Failure("tls_handshake_too_slow")
    return Failure(HUNG_UP)
