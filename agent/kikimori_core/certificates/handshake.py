"""A TLS handshake in memory between a certificate's server and a client, judged by OpenSSL alone."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def server_context(cert: Path, key: Path) -> ssl.SSLContext:
    """Return the context of a server with a certificate and its key; raises OSError (also ssl.SSLError)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Without a password OpenSSL would ask for one on the terminal, for ever.
    context.load_cert_chain(cert, key, password=lambda: b"")
    return context


def trusting_itself(cert: Path) -> ssl.SSLContext:
    """Return the context of a client that trusts a certificate for itself, whoever issued it."""
    client = _client()
    client.load_verify_locations(cert)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return client


def trusting_authority(authority: Path | None) -> ssl.SSLContext:
    """Return the context of a client that trusts an authority; None = those of this machine."""
    client = _client()
    if authority is None:
        client.load_default_certs()
    else:
        client.load_verify_locations(authority)
    return client


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """Make a handshake. Raises ssl.SSLCertVerificationError, ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(8):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    if not ends[0].getpeercert():
        raise ssl.SSLError("no certificate was shown")


def _client() -> ssl.SSLContext:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Names are compared by `ServerCertificate.covers`, which can say which ones are missing.
    client.check_hostname = False
    return client
