"""Check of our TLS certificate as a peer sees it: a handshake in memory, judged by OpenSSL alone."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Any

from kikimori.checks.diagnosis import Diagnosis, State
from kikimori_core.messages import both

if TYPE_CHECKING:
    from pathlib import Path

ENOUGH_DAYS = 30


def look_at_certificate(name: str, cert: Path, key: Path, *, address: str | None = None) -> Diagnosis:
    """Check whether a certificate and its key fit, how long the certificate is valid, and for which names.

    `address` is this machine's as its peers know it, an IP address; None = not known.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without a password OpenSSL would ask for one on the terminal.
        server.load_cert_chain(cert, key, password=lambda: b"")
    except OSError as error:  # also ssl.SSLError
        reason = (error.reason or "not PEM") if isinstance(error, ssl.SSLError) else error.strerror
        if isinstance(error, ssl.SSLError) and "KEY_VALUES_MISMATCH" in str(error.reason):
            return Diagnosis(name, State.FAULT, *both("key_of_other_certificate", key=key, cert=cert))
        return Diagnosis(
            name, State.FAULT, *both("certificate_unreadable", cert=cert, key=key, reason=reason)
        )
    try:
        peer = _handshake(server, cert)
    except ssl.SSLCertVerificationError as error:
        return Diagnosis(
            name, State.FAULT, *both("certificate_refused", cert=cert, reason=error.verify_message)
        )
    except (ssl.SSLError, OSError) as error:
        return Diagnosis(name, State.FAULT, *both("certificate_damaged", cert=cert, error=error))
    ends_at = str(peer.get("notAfter", ""))
    days = int((ssl.cert_time_to_seconds(ends_at) - time.time()) // 86_400)
    if days < ENOUGH_DAYS:
        return Diagnosis(
            name, State.WARNING, *both("certificate_ends", cert=cert, days=days, ends_at=ends_at)
        )
    good = {"cert": cert, "days": days, "ends_at": ends_at}
    names = [f"{kind.removesuffix(' Address')}:{value}" for kind, value in peer.get("subjectAltName", ())]
    if not names:
        return Diagnosis(name, State.WARNING, *both("certificate_without_names", **good))
    named = {**good, "names": ", ".join(names)}
    if address is not None and not any(each.startswith("DNS:") or each == f"IP:{address}" for each in names):
        return Diagnosis(name, State.WARNING, *both("certificate_other_name", **named, address=address))
    return Diagnosis(name, State.OK, *both("certificate_good", **named))


def look_at_authorities(name: str, path: Path) -> Diagnosis:
    """Check the file of authorities whose certificates peers must show."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(path)
    except OSError as error:  # also ssl.SSLError
        reason = (error.reason or "not PEM") if isinstance(error, ssl.SSLError) else error.strerror
        return Diagnosis(name, State.FAULT, *both("authority_unreadable", path=path, reason=reason))
    over = [
        each
        for each in context.get_ca_certs()
        if ssl.cert_time_to_seconds(str(each["notAfter"])) < time.time()
    ]
    if over:
        return Diagnosis(name, State.FAULT, *both("authority_over", path=path, count=len(over)))
    count = context.cert_store_stats()["x509"]
    return Diagnosis(name, State.OK, *both("peers_by_certificate", path=path, count=count))


def _handshake(server: ssl.SSLContext, cert: Path) -> dict[str, Any]:
    """Make a handshake with ourselves; returns the certificate. Raises ssl.SSLError."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(cert)
    # The certificate is trusted for itself here: whether the SBC knows the authority, only the SBC can say.
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(8):
        for end in tuple(ends):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    found = ends[0].getpeercert()
    if not found:
        raise ssl.SSLError("no certificate was shown")
    return found
