"""TLS of the server as configured: our certificate, and the authority of the SRCs' certificates."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from kikimori.errors import KikimoriError
from kikimori_core.certificates import CertificateError, load_pair

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
    try:
        context = load_pair(table.tls_cert, table.tls_key)
    except CertificateError as error:
        name = "tls_key" if error.fault.file == table.tls_key else "tls_cert"
        raise KikimoriError.of(
            "siprec_certificate_unusable", name=name, fault=error.message, next=error.next_step
        ) from error
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
