"""Check of our TLS certificate as a peer sees it: a handshake in memory, judged by OpenSSL alone."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Any

from kikimori.checks.diagnosis import Diagnosis, State

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
            return Diagnosis(
                name,
                State.FAULT,
                f"{key} is not the key of {cert}",
                "name the key the certificate was made with",
            )
        return Diagnosis(
            name,
            State.FAULT,
            f"{cert}, {key}: {reason}",
            "both must be PEM files, without a passphrase, that the service's user can read",
        )
    try:
        peer = _handshake(server, cert)
    except ssl.SSLCertVerificationError as error:
        return Diagnosis(
            name,
            State.FAULT,
            f"{cert}: {error.verify_message}",
            f"openssl x509 -in {cert} -noout -dates shows its dates; have a new one made",
        )
    except (ssl.SSLError, OSError) as error:
        return Diagnosis(name, State.FAULT, f"{cert}: {error}", f"openssl x509 -in {cert} -noout -text")
    ends_at = str(peer.get("notAfter", ""))
    days = int((ssl.cert_time_to_seconds(ends_at) - time.time()) // 86_400)
    if days < ENOUGH_DAYS:
        return Diagnosis(
            name, State.WARNING, f"{cert} ends in {days} days, on {ends_at}", "have a new one made now"
        )
    good = f"{cert} is good for {days} days, until {ends_at}"
    names = [f"{kind.removesuffix(' Address')}:{value}" for kind, value in peer.get("subjectAltName", ())]
    if not names:
        return Diagnosis(
            name,
            State.WARNING,
            f"{good}; it has no subjectAltName",
            "peers that check the name refuse it: have one made that names this machine as they are told to call it",
        )
    if address is not None and not any(each.startswith("DNS:") or each == f"IP:{address}" for each in names):
        return Diagnosis(
            name,
            State.WARNING,
            f"{good}, for {', '.join(names)}; peers know this machine as {address}",
            f"peers that check the name refuse it: have one made with subjectAltName IP:{address}",
        )
    return Diagnosis(name, State.OK, f"{good}, for {', '.join(names)}")


def look_at_authorities(name: str, path: Path) -> Diagnosis:
    """Check the file of authorities whose certificates peers must show."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(path)
    except OSError as error:  # also ssl.SSLError
        reason = (error.reason or "not PEM") if isinstance(error, ssl.SSLError) else error.strerror
        return Diagnosis(
            name,
            State.FAULT,
            f"{path}: {reason}",
            "it must be a PEM file that the service's user can read: the certificate of who signed the peers'",
        )
    over = [
        each
        for each in context.get_ca_certs()
        if ssl.cert_time_to_seconds(str(each["notAfter"])) < time.time()
    ]
    if over:
        return Diagnosis(
            name,
            State.FAULT,
            f"{path}: {len(over)} of its certificates are over",
            f"openssl x509 -in {path} -noout -subject -dates shows the first; put the new one of the authority there",
        )
    count = context.cert_store_stats()["x509"]
    return Diagnosis(name, State.OK, f"only peers with a certificate are admitted, by {path} ({count})")


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
