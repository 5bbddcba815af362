"""Certificate of a server: read at the start, read again when its files change, looked at for its end."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import structlog

from kikimori_core.certificates.examination import examine_pair, open_pair
from kikimori_core.certificates.fault import CertificateError, FaultEffect
from kikimori_core.errors import ConfigError
from kikimori_core.serving.certificate_problem import ending, not_taken

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

    from kikimori_core.certificates.examination import PairReport
    from kikimori_core.certificates.fault import CertificateFault
    from kikimori_core.certificates.server_certificate import ServerCertificate
    from kikimori_core.wire.messages import Problem

log = structlog.get_logger()

LOOK_EVERY_S = 60.0
PROTOCOLS = ("http/1.1",)

BY_DATE = frozenset({"certificate_expired", "certificate_not_yet_valid"})
TOLERATED = BY_DATE | {"certificate_other_authority", "certificate_chain_missing"}
"""Faults with which a server goes on all the same: through a certificate's end, with a clock that is not set yet, and for
clients that trust another authority. Clients tell of them, and so do log and page."""


class PairKeeper:
    """Present certificate of a server with its TLS context, and what is wrong with it."""

    def __init__(
        self,
        certificate: Path | None,
        key: Path | None = None,
        *,
        authority: Path | None = None,
        for_browsers: bool = False,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        """Begin without a certificate.

        Args:
            certificate: Its file (PEM); None = the server has none.
            key: File of its key; None = it stands in `certificate`.
            authority: File of the authority that clients trust; None = not known.
            for_browsers: See `examine_pair`.
            look_every_s: Interval between looks at the files.
        """
        self._certificate_file = certificate
        self._key_file = key or certificate
        self._authority_file = authority
        self._for_browsers = for_browsers
        self._look_every_s = look_every_s
        self._context: ssl.SSLContext | None = None
        self._stamp: tuple[object, ...] = ()
        """State of the files of the pair that is used."""
        self._told = asyncio.Event()
        self.certificate: ServerCertificate | None = None
        self.problems: tuple[Problem, ...] = ()
        self.changed: Callable[[], None] = lambda: None
        """Called when the problems are others."""

    async def begin(self) -> None:
        """Read the files.

        Raises:
            ConfigError: TLS cannot be served with this certificate.
        """
        await asyncio.to_thread(self._begin)

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
        self._look_beside()
        if self._certificate_file is None:
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

    def _look_beside(self) -> None:
        """Read what else changes with the pair; nothing here."""

    def _look(self) -> None:
        self._look_beside()
        if self._certificate_file is None:
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
        authority = self._authority_file
        return examine_pair(
            certificate,
            key,
            authority=authority if authority is not None and os.access(authority, os.R_OK) else None,
            for_browsers=self._for_browsers,
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

    def _files(self) -> tuple[Path, Path]:
        if self._certificate_file is None or self._key_file is None:
            raise RuntimeError("no certificate")
        return self._certificate_file, self._key_file

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
