"""Examination of a server's certificate and key: everything that would keep clients away, each fault by name."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori_core.certificates.chain import chain_faults, upwards
from kikimori_core.certificates.content import WEAK, content_faults, key_faults
from kikimori_core.certificates.fault import CertificateError, CertificateFault, FaultEffect
from kikimori_core.certificates.files import read_certificates, read_key
from kikimori_core.certificates.handshake import (
    server_context,
    shake_hands,
    trusting_authority,
    trusting_itself,
)
from kikimori_core.certificates.server_certificate import ServerCertificate, common_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cryptography import x509

# X509_V_ERR_… of OpenSSL's x509_vfy.h
_ISSUER_UNKNOWN = (2, 19, 20, 21)
"""The issuer's certificate was not found, or is not trusted."""
_OUTSIDE = (47, 48)
"""A name is outside of the authority's name constraints."""

_SERIOUS_FIRST = (FaultEffect.UNUSABLE, FaultEffect.REFUSED, FaultEffect.NOTICE)


@dataclass(frozen=True, slots=True)
class PairReport:
    """Result of an examination of a certificate and its key."""

    certificate: ServerCertificate | None
    """None = its file holds none that can be read."""
    faults: tuple[CertificateFault, ...]
    """The most serious first."""

    @property
    def worst(self) -> CertificateFault | None:
        return self.faults[0] if self.faults else None

    @property
    def usable(self) -> bool:
        """True = a server can use the pair for TLS; clients may refuse it all the same."""
        return all(each.effect is not FaultEffect.UNUSABLE for each in self.faults)


def examine_pair(
    cert: Path,
    key: Path | None,
    *,
    asked: Iterable[str] = (),
    authority: Path | None = None,
    for_browsers: bool = False,
    now: datetime | None = None,
) -> PairReport:
    """Examine a server's certificate (PEM: its own, then those between it and the authority) and its key.

    Blocks for some milliseconds; never raises for what the files hold.

    Args:
        cert: File of the certificate.
        key: File of its key; None = the certificate alone.
        asked: Names and addresses by which clients ask for the server.
        authority: File of the authority that clients trust; None = not known.
        for_browsers: Apply browsers' rules too: names, purpose, length of life, complete chain.
        now: Time for the comparison with its dates; None = this machine's clock.
    """
    now = now or datetime.now(UTC)
    faults: list[CertificateFault] = []
    chain: list[x509.Certificate] = []
    try:
        chain = read_certificates(cert)
    except CertificateError as error:
        faults.append(error.fault)
    if key is not None:
        try:
            faults += key_faults(cert, key, chain, read_key(key))
        except CertificateError as error:
            faults.append(error.fault)
    if not chain:
        return PairReport(None, tuple(faults))
    found = ServerCertificate.of(chain[0])
    faults += content_faults(cert, chain[0], found, now, for_browsers=for_browsers)
    if missing := found.missing(asked):
        faults.append(
            CertificateFault.of(
                "certificate_other_names",
                FaultEffect.REFUSED,
                cert,
                names=found.named or "-",
                asked=", ".join(missing),
            )
        )
    faults += chain_faults(cert, chain, authority, now)
    if key is not None and all(each.effect is not FaultEffect.UNUSABLE for each in faults):
        signed_by_another = upwards(chain)[-1].issuer != upwards(chain)[-1].subject
        faults = _tried(cert, key, authority, faults, to_system=for_browsers and signed_by_another)
    return PairReport(found, tuple(sorted(faults, key=lambda each: _SERIOUS_FIRST.index(each.effect))))


def load_pair(cert: Path, key: Path) -> ssl.SSLContext:
    """Return the TLS context of a server, TLS 1.2 or later; raises CertificateError for a pair that is unusable."""
    report = examine_pair(cert, key)
    if report.worst is not None and not report.usable:
        raise report.worst.error()
    return open_pair(cert, key)


def open_pair(cert: Path, key: Path) -> ssl.SSLContext:
    """As `load_pair`, for a pair that was examined a moment ago."""
    try:
        return server_context(cert, key)
    except OSError as error:  # the files were replaced in between
        raise _not_taken(cert, error).error() from error


def _tried(
    cert: Path, key: Path, authority: Path | None, known: list[CertificateFault], *, to_system: bool
) -> list[CertificateFault]:
    """Return all faults, with those that only OpenSSL finds, in a handshake.

    `to_system`: whether the client trusts this machine's authorities where there is no other.
    """
    try:
        server = server_context(cert, key)
    except OSError as error:  # also ssl.SSLError
        weak = [each for each in known if each.code in WEAK]
        if not weak:
            return [*known, _not_taken(cert, error)]
        # This machine's OpenSSL allows no such key or signature.
        unusable = [replace(each, effect=FaultEffect.UNUSABLE) for each in weak]
        return [*unusable, *(each for each in known if each not in weak)]
    refused = any(each.effect is FaultEffect.REFUSED for each in known)
    if refused or (authority is None and not to_system):
        client = trusting_itself(cert)
    else:
        client = trusting_authority(authority)
    try:
        shake_hands(server, client)
    except ssl.SSLCertVerificationError as error:
        return known if refused else [*known, _verified(cert, authority, error)]
    except OSError as error:
        return [*known, _not_taken(cert, error)]
    return known


def _verified(cert: Path, authority: Path | None, error: ssl.SSLCertVerificationError) -> CertificateFault:
    """Return the fault for a certificate that the client of the handshake refused."""
    if error.verify_code in _ISSUER_UNKNOWN and authority is None:
        issuer = common_name(upwards(read_certificates(cert))[-1].issuer)
        return CertificateFault.of("certificate_chain_unknown", FaultEffect.NOTICE, cert, issuer=issuer)
    if error.verify_code in _OUTSIDE and authority is not None:
        return CertificateFault.of(
            "certificate_outside_authority", FaultEffect.REFUSED, cert, authority=authority
        )
    return CertificateFault.of("certificate_refused", FaultEffect.REFUSED, cert, reason=error.verify_message)


def _not_taken(cert: Path, error: OSError) -> CertificateFault:
    reason = (isinstance(error, ssl.SSLError) and error.reason) or error.strerror or str(error)
    return CertificateFault.of("certificate_not_taken", FaultEffect.UNUSABLE, cert, reason=reason)
