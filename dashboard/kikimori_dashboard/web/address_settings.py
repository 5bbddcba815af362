"""Settings of the dashboard's addresses: ports, certificate, names by which browsers ask, reverse proxies."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator

from kikimori_core.messages import text
from kikimori_core.wire.files import PemFile
from kikimori_core.wire.settings import HostName, ListenPort, Networks, is_loopback, origin_parts

if TYPE_CHECKING:
    from pathlib import Path

AUTHORITY = "authority.crt"
HTTPS = "https"


def _plain_name(name: str) -> str:
    return name.strip("[]").rstrip(".").lower()


BrowserName = Annotated[HostName, AfterValidator(_plain_name)]
"""Name or address in a browser's address line, in lower case, without brackets."""


class AddressSettings(BaseModel):
    """Keys of `[dashboard]` that say where the pages are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    certificate: PemFile | None = None
    """Certificate of the pages with those above it (PEM); None = plain HTTP."""
    certificate_key: PemFile | None = None
    """Its key; None = it stands in `certificate`."""
    authority: PemFile | None = None
    """Certificate of the office's own authority, given to everybody as `/authority.crt`. None = `authority.crt` beside
    `certificate`, where there is one."""
    trusted_proxies: Networks = ()
    """Addresses of reverse proxies: many browsers come from one, so that its connections are not limited to 40. What
    they say of the browser (`X-Forwarded-For`, `X-Forwarded-Proto`) counts."""
    public_url: str | None = None
    """Address that a reverse proxy gives the pages, e.g. `https://kikimori.office.example`."""
    host_names: tuple[BrowserName, ...] = ()
    """Names and addresses by which browsers may ask, besides those of the certificate, of `public_url` and of loopback."""
    host: str = "127.0.0.1"
    port: ListenPort = 8765
    """Port of plain HTTP; with a certificate it only leads to `https_port`."""
    https_port: ListenPort = 8443
    """Port of the pages where there is a certificate."""

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = origin_parts(value)
        if parts is None or parts.scheme != HTTPS:
            raise ValueError(text("public_url_no_origin"))
        return f"{HTTPS}://{parts.netloc.lower().removesuffix(':443')}"

    @field_validator("host")
    @classmethod
    def _protected(cls, value: str, given: ValidationInfo) -> str:
        # Plain HTTP: on a network, passwords and customers' words could be read on the way.
        if is_loopback(value):
            return value
        behind_proxy = given.data.get("trusted_proxies") and given.data.get("public_url")
        if not given.data.get("certificate") and not behind_proxy:
            raise ValueError(text("dashboard_host_unprotected"))
        try:
            ip_address(value)
        except ValueError:
            raise ValueError(text("dashboard_host_no_address")) from None
        return value

    @field_validator("certificate_key")
    @classmethod
    def _of_a_certificate(cls, value: Path | None, given: ValidationInfo) -> Path | None:
        if value is not None and given.data.get("certificate") is None:
            raise ValueError(text("certificate_key_alone"))
        return value

    @model_validator(mode="after")
    def _has_two_ports(self) -> Self:
        if self.certificate is not None and self.port == self.https_port != 0:
            raise ValueError(text("https_port_twice", port=self.port))
        return self

    @property
    def page_port(self) -> int:
        """Port of the pages themselves."""
        return self.port if self.certificate is None else self.https_port

    @property
    def public_host(self) -> str | None:
        """Name in `public_url`."""
        return None if self.public_url is None else urlsplit(self.public_url).hostname

    @property
    def only_over_tls(self) -> bool:
        """Return whether browsers reach the pages by HTTPS alone, of our own or of a proxy's."""
        return self.certificate is not None or self.public_url is not None

    def url(self, host: str, port: int) -> str:
        """Return the address of the pages under a name, with a slash at its end."""
        scheme, usual = ("http", 80) if self.certificate is None else (HTTPS, 443)
        name = f"[{host}]" if ":" in host else host
        return f"{scheme}://{name}/" if port == usual else f"{scheme}://{name}:{port}/"

    def authority_file(self) -> Path | None:
        """Return the file of the authority; it need not exist where nobody has named it."""
        if self.authority is not None or self.certificate is None:
            return self.authority
        return self.certificate.parent / AUTHORITY
