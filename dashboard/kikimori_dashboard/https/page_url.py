"""Address of the pages as a person opens it, before they are served."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from kikimori_core.certificates.fault import CertificateError
from kikimori_core.certificates.files import read_certificates
from kikimori_core.certificates.server_certificate import ServerCertificate

if TYPE_CHECKING:
    from kikimori_dashboard.web.address_settings import AddressSettings


def page_url(settings: AddressSettings) -> str:
    """Return the address that the settings say, with a slash at its end."""
    if settings.public_url is not None:
        return f"{settings.public_url}/"
    certificate = None
    if settings.certificate is not None:
        # The start, and `kikimori config check`, say what is wrong with it.
        with suppress(CertificateError):
            certificate = ServerCertificate.of(read_certificates(settings.certificate)[0])
    return settings.url(page_host(settings, certificate), settings.page_port)


def page_host(settings: AddressSettings, certificate: ServerCertificate | None) -> str:
    """Return the first name of the certificate, for the address of the pages; without one that of the settings."""
    named = () if certificate is None else (*certificate.names, *certificate.addresses)
    known = (*named, *settings.host_names, settings.host)
    return next((each for each in known if not each.startswith("*.")), settings.host)
