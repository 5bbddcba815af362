"""Certificate of the pages, with the names by which browsers are led to it and its authority's certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.serving.certificate_keeper import LOOK_EVERY_S, PairKeeper
from kikimori_dashboard.https.authority_file import read_authority
from kikimori_dashboard.https.page_url import page_host
from kikimori_dashboard.web.host_names import name_of

if TYPE_CHECKING:
    from typing import Self

    from kikimori_dashboard.web.address_settings import AddressSettings


class CertificateKeeper(PairKeeper):
    """Present certificate of the pages with its TLS context, and what is wrong with it."""

    def __init__(self, settings: AddressSettings, look_every_s: float = LOOK_EVERY_S) -> None:
        """Begin without a certificate, as the pages are over plain HTTP; `look_every_s`: interval between looks at the files."""
        super().__init__(
            settings.certificate,
            settings.certificate_key,
            authority=settings.authority_file(),
            for_browsers=True,
            look_every_s=look_every_s,
        )
        self._settings = settings
        self.authority: bytes | None = None
        """Certificate of the authority (PEM); None = there is none."""

    @classmethod
    async def open(cls, settings: AddressSettings, look_every_s: float = LOOK_EVERY_S) -> Self:
        """Read what the settings name.

        Raises:
            ConfigError: no pages can be served with this certificate.
        """
        keeper = cls(settings, look_every_s)
        await keeper.begin()
        return keeper

    def name_for(self, host: str) -> str:
        """Return the name by which HTTPS is asked, for a Host header of plain HTTP: one that the certificate covers."""
        name = name_of(host) or ""
        return name if self.covers(name) else self.own_name

    @property
    def own_name(self) -> str:
        """First name of the certificate, for the address of the pages; without one the address of the port."""
        return page_host(self._settings, self.certificate)

    def _look_beside(self) -> None:
        self.authority = None if self._authority_file is None else read_authority(self._authority_file)
