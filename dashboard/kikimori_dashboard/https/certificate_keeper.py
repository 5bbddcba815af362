"""Certificate of the pages: read at the start, read again when its files change, looked at for its end."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import structlog

from kikimori_core.certificates.examination import examine_pair, open_pair
from kikimori_core.certificates.fault import CertificateError, FaultEffect
from kikimori_core.errors import ConfigError
from kikimori_dashboard.https.authority_file import read_authority
from kikimori_dashboard.https.certificate_problem import ending, not_taken
from kikimori_dashboard.https.host_names import name_of
from kikimori_dashboard.https.page_url import page_host

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    from kikimori_core.certificates.examination import PairReport
    from kikimori_core.certificates.fault import CertificateFault
    from kikimori_core.certificates.server_certificate import ServerCertificate
    from kikimori_core.wire.messages import Problem
    from kikimori_dashboard.address_settings import AddressSettings

log = structlog.get_logger()

LOOK_EVERY_S = 60.0
PROTOCOLS = ("http/1.1",)

BY_DATE = frozenset({"certificate_expired", "certificate_not_yet_valid"})
TOLERATED = BY_DATE | {"certificate_other_authority", "certificate_chain_missing"}
"""Faults with which the pages are served all the same: calls are watched through a certificate's end, with a clock that is not
set yet, and by browsers that trust another authority. Browsers tell of them, and so do log and page."""


class CertificateKeeper:
    """Present certificate of the pages with its TLS context, and what is wrong with it."""

    def __init__(self, settings: AddressSettings, look_every_s: float = LOOK_EVERY_S) -> None:
        """Begin without a certificate, as the pages are over plain HTTP; `look_every_s`: interval between looks at the files."""
        self._look_every_s = look_every_s
        self._settings = settings
        self._context: ssl.SSLContext | None = None
        self._stamp: tuple[object, ...] = ()
        """State of the files of the pair that is used."""
        self._told = asyncio.Event()
        self.certificate: ServerCertificate | None = None
        self.authority: bytes | None = None
        """Certificate of the authority (PEM); None = there is none."""
        self.problems: tuple[Problem, ...] = ()
        self.changed: Callable[[], None] = lambda: None
        """Called when the problems are others."""

    @classmethod
    async def open(cls, settings: AddressSettings, look_every_s: float = LOOK_EVERY_S) -> Self:
        """Read what the settings name.

        Raises:
            ConfigError: no pages can be served with this certificate.
        """
        keeper = cls(settings, look_every_s)
        await asyncio.to_thread(keeper._begin)
        return keeper

    @property
    def has_certificate(self) -> bool:
        return self.certificate is not None

    @property
    def context(self) -> ssl.SSLContext:
        """TLS context for a new connection."""
        if self._context is None:
            raise RuntimeError("no certificate")
        return self._context

    def covers(self, name: str) -> bool:
        return self.certificate is not None and self.certificate.covers(name)

    def name_for(self, host: str) -> str:
        """Return the name by which HTTPS is asked, for a Host header of plain HTTP: one that the certificate covers."""
        name = name_of(host) or ""
        return name if self.covers(name) else self.own_name

    @property
    def own_name(self) -> str:
        """First name of the certificate, for the address of the pages; without one the address of the port."""
        return page_host(self._settings, self.certificate)

    def look_now(self) -> None:
        """Look at the files at once: they have changed."""
        self._told.set()

    async def keep(self) -> None:
        """Look each minute, and when told, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self._look_every_s):
                    await self._told.wait()
            except TimeoutError:
                pass
            self._told.clear()
            before = self.problems
            await asyncio.to_thread(self._look)
            if self.problems != before:
                self._log(before)
                self.changed()

    # --- in a thread

    def _begin(self) -> None:
        self._read_authority()
        if self._settings.certificate is None:
            return
        stamp, report = self._stamp_now(), self._examine()
        try:
            if fault := self._refusal(report, TOLERATED):
                raise fault.error()
            self._take(report, stamp)
        except CertificateError as error:
            raise ConfigError(error.message, next_step=error.next_step) from error
        self.problems = ending(report)
        self._log(())

    def _look(self) -> None:
        self._read_authority()
        if self._settings.certificate is None:
            return
        stamp, report = self._stamp_now(), self._examine()
        if stamp == self._stamp:
            self.problems = ending(report)
            return
        fault = self._refusal(report, TOLERATED - BY_DATE)
        if fault is None:
            try:
                self._take(report, stamp)
            except CertificateError as error:
                fault = error.fault
        if fault is None:
            log.info("certificate_reloaded", ends_at=str(self.certificate and self.certificate.not_after))
            self.problems = ending(report)
        elif self.certificate is not None:
            self.problems = not_taken(fault, self.certificate)

    def _examine(self) -> PairReport:
        certificate, key = self._files()
        authority = self._settings.authority_file()
        return examine_pair(
            certificate,
            key,
            authority=authority if authority is not None and os.access(authority, os.R_OK) else None,
            for_browsers=True,
        )

    def _refusal(self, report: PairReport, tolerated: frozenset[str]) -> CertificateFault | None:
        """Return the fault for which a pair is not used; none of the authority's file, which only others need."""
        for each in report.faults:
            serious = each.effect is FaultEffect.UNUSABLE or (
                each.effect is FaultEffect.REFUSED and each.code not in tolerated
            )
            if serious and each.file in self._files():
                return each
        return None

    def _take(self, report: PairReport, stamp: tuple[object, ...]) -> None:
        context = open_pair(*self._files())
        context.set_alpn_protocols(PROTOCOLS)
        self._context, self.certificate, self._stamp = context, report.certificate, stamp

    def _read_authority(self) -> None:
        file = self._settings.authority_file()
        self.authority = None if file is None else read_authority(file)

    def _files(self) -> tuple[Path, Path]:
        certificate = self._settings.certificate
        if certificate is None:
            raise RuntimeError("no certificate")
        return certificate, self._settings.certificate_key or certificate

    def _stamp_now(self) -> tuple[object, ...]:
        return tuple(_stamp(each) for each in self._files())

    def _log(self, before: tuple[Problem, ...]) -> None:
        for each in self.problems:
            if each not in before:
                log.warning("certificate_problem", code=each.code, error=each.detail, next=each.remedy)


def _stamp(file: Path) -> object:
    try:
        found = file.stat()
    except OSError as error:
        return error.errno
    return found.st_mtime_ns, found.st_ino, found.st_size
