"""The way from a server's certificate to an authority that clients trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256

from kikimori_core.certificates.content import date_faults, is_authority, strength_faults
from kikimori_core.certificates.fault import CertificateError, CertificateFault, FaultEffect
from kikimori_core.certificates.files import read_certificates
from kikimori_core.certificates.server_certificate import common_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from cryptography import x509


def chain_faults(
    cert: Path,
    chain: list[x509.Certificate],
    authority: Path | None,
    now: datetime,
) -> Iterator[CertificateFault]:
    """Yield what is wrong between a server's certificate and the authority; None = only what the file holds."""
    if is_authority(chain[0]):
        return
    # With a wrong clock all of them are out of date: it is told once.
    in_time = not any(date_faults(cert, chain[0], now))
    for each in upwards(chain)[1:]:
        if in_time:
            yield from date_faults(cert, each, now)
        yield from strength_faults(cert, each)
    if authority is not None:
        try:
            known = read_certificates(authority)
        except CertificateError as error:
            yield error.fault
            return
        yield from _to_authority(cert, upwards(chain)[-1], authority, known, now)


def _to_authority(
    cert: Path, top: x509.Certificate, authority: Path, known: list[x509.Certificate], now: datetime
) -> Iterator[CertificateFault]:
    """Yield the fault of a chain that does not lead to the authority, or to one that has ended."""
    prints = {each.fingerprint(SHA256()) for each in known}
    if top.fingerprint(SHA256()) in prints:
        return
    found = next((each for each in known if _issued(top, each)), None)
    if found is not None:
        if not any(date_faults(cert, top, now)):
            yield from date_faults(authority, found, now)
        return
    issuer = common_name(top.issuer)
    if top.issuer == top.subject or any(each.subject == top.issuer for each in known):
        yield CertificateFault.of(
            "certificate_other_authority", FaultEffect.REFUSED, cert, issuer=issuer, authority=authority
        )
    else:
        yield CertificateFault.of(
            "certificate_chain_missing", FaultEffect.REFUSED, cert, issuer=issuer, authority=authority
        )


def upwards(chain: list[x509.Certificate]) -> list[x509.Certificate]:
    """Return the first certificate, its issuer, the issuer's and so on, as far as the file has them."""
    left = chain[1:]
    way = chain[:1]
    while found := next((each for each in left if _issued(way[-1], each)), None):
        left.remove(found)
        way.append(found)
    return way


def _issued(made: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return whether a certificate bears the signature of another one's key."""
    try:
        made.verify_directly_issued_by(issuer)
    except UnsupportedAlgorithm:  # SHA-1, which is told as a fault of its own
        return made.issuer == issuer.subject
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
