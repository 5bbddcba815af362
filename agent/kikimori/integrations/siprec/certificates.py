"""TLS of the server as configured: our certificate, and the authority of the SRCs' certificates."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from kikimori.errors import KikimoriError

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori.integrations.siprec.settings import SiprecTable


def tls_context(table: SiprecTable) -> ssl.SSLContext | None:
    """Read the files; None when TLS is switched off.

    Raises:
        KikimoriError: one is missing, or holds something else; it names the setting and the file.
    """
    if table.tls_port is None or table.tls_cert is None or table.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for name, path in (("tls_cert", table.tls_cert), ("tls_key", table.tls_key)):
        _look_at(name, path)
    try:
        # Without a password OpenSSL would ask for one on the terminal, for ever.
        context.load_cert_chain(table.tls_cert, table.tls_key, password=lambda: b"")
    except ssl.SSLError as error:
        raise _pair_fault(table.tls_cert, table.tls_key, error) from error
    if table.tls_client_ca is not None:
        _look_at("tls_client_ca", table.tls_client_ca)
        try:
            context.load_verify_locations(table.tls_client_ca)
        except ssl.SSLError as error:
            raise KikimoriError.of(
                "siprec_no_authority", tls_client_ca=table.tls_client_ca, reason=error.reason or "not PEM"
            ) from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _look_at(name: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise KikimoriError.of(
            "siprec_file_unreadable", name=name, path=path, reason=error.strerror
        ) from error


def _pair_fault(cert: Path, key: Path, error: ssl.SSLError) -> KikimoriError:
    """Describe the fault of a certificate and its key, with the next step."""
    said = error.reason or "not PEM, or not both there"
    if "KEY_VALUES_MISMATCH" in said:
        return KikimoriError.of("siprec_key_of_other_certificate", key=key, cert=cert)
    return KikimoriError.of("siprec_certificate_unreadable", cert=cert, key=key, said=said)
