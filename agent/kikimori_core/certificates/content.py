"""Faults that a certificate shows by itself, and those of its key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.hashes import MD5, SHA1, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from kikimori_core.certificates.fault import CertificateFault, FaultEffect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

    from kikimori_core.certificates.server_certificate import ServerCertificate

ENOUGH_DAYS = 30
"""Days before its end from which on a certificate is told to be renewed."""
BROWSERS_DAYS = 825
"""Longest life that Apple's systems accept, from any authority (support.apple.com/103769)."""
WEAK = ("certificate_weak_key", "certificate_weak_signature")
"""Codes of `strength_faults`."""
LEAST_RSA_BITS = 2048
LEAST_CURVE_BITS = 256


def content_faults(
    cert: Path, made: x509.Certificate, found: ServerCertificate, now: datetime, *, for_browsers: bool
) -> Iterator[CertificateFault]:
    """Yield the faults of a server's certificate alone."""
    if is_authority(made):
        yield CertificateFault.of(
            "certificate_of_authority", FaultEffect.REFUSED, cert, subject=found.subject
        )
        return
    yield from date_faults(cert, made, now)
    yield from strength_faults(cert, made)
    yield from _purpose_faults(cert, made, for_browsers=for_browsers)
    days, ends_at = found.days_left(now), moment(found.not_after)
    if not (found.names or found.addresses):
        effect = FaultEffect.REFUSED if for_browsers else FaultEffect.NOTICE
        yield CertificateFault.of("certificate_without_names", effect, cert, days=days, ends_at=ends_at)
    if for_browsers and (life := (found.not_after - found.not_before).days) > BROWSERS_DAYS:
        yield CertificateFault.of(
            "certificate_lives_long", FaultEffect.NOTICE, cert, life=life, most=BROWSERS_DAYS
        )
    if 0 <= days < ENOUGH_DAYS:
        yield CertificateFault.of("certificate_ends", FaultEffect.NOTICE, cert, days=days, ends_at=ends_at)


def date_faults(cert: Path, made: x509.Certificate, now: datetime) -> Iterator[CertificateFault]:
    """Yield whether a certificate has ended, or is not valid yet."""
    subject = made.subject.rfc4514_string()
    if now > made.not_valid_after_utc:
        yield CertificateFault.of(
            "certificate_expired",
            FaultEffect.REFUSED,
            cert,
            subject=subject,
            ends_at=moment(made.not_valid_after_utc),
            clock=moment(now),
        )
    if now < made.not_valid_before_utc:
        yield CertificateFault.of(
            "certificate_not_yet_valid",
            FaultEffect.REFUSED,
            cert,
            subject=subject,
            begins_at=moment(made.not_valid_before_utc),
            clock=moment(now),
        )


def strength_faults(cert: Path, made: x509.Certificate) -> Iterator[CertificateFault]:
    """Yield whether key or signature of a certificate are too weak for today's clients."""
    kind, bits, least = _strength(made.public_key())
    if bits < least:
        yield CertificateFault.of(
            "certificate_weak_key", FaultEffect.REFUSED, cert, kind=kind, bits=bits, least=least
        )
    # Nobody checks what an authority signed for itself: it is trusted because it is named.
    algorithm = None if made.issuer == made.subject else _hash_of(made)
    if isinstance(algorithm, MD5 | SHA1):
        yield CertificateFault.of(
            "certificate_weak_signature", FaultEffect.REFUSED, cert, algorithm=algorithm.name.upper()
        )


def key_faults(
    cert: Path, key: Path, chain: list[x509.Certificate], private: PrivateKeyTypes
) -> Iterator[CertificateFault]:
    """Yield whether a key is open to everybody, and whether it belongs to another certificate than the first one."""
    if _is_open(key):
        yield CertificateFault.of("certificate_key_open", FaultEffect.NOTICE, key)
    own = _encoded(private.public_key())
    if not chain or own == _encoded(chain[0].public_key()):
        return
    for number, each in enumerate(chain[1:], start=2):
        if own == _encoded(each.public_key()):
            yield CertificateFault.of(
                "certificate_not_first", FaultEffect.UNUSABLE, cert, key=key, number=number
            )
            return
    yield CertificateFault.of("key_of_other_certificate", FaultEffect.UNUSABLE, key, key=key, cert=cert)


def is_authority(made: x509.Certificate) -> bool:
    """Return whether a certificate is an authority's alone.

    One that an office signed by itself for a server (`openssl req -x509`) says so too, and names the server.
    """
    try:
        basic = made.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    if not basic.ca:
        return False
    names = any(isinstance(each.value, x509.SubjectAlternativeName) for each in made.extensions)
    return not names or made.issuer != made.subject or basic.path_length is not None


def moment(time: datetime) -> str:
    """Return a time as it is shown beside certificates, whose times are UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _purpose_faults(cert: Path, made: x509.Certificate, *, for_browsers: bool) -> Iterator[CertificateFault]:
    try:
        purposes = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        if for_browsers:
            yield CertificateFault.of("certificate_without_purpose", FaultEffect.NOTICE, cert)
        return
    accepted = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if accepted.isdisjoint(purposes):
        yield CertificateFault.of("certificate_not_for_servers", FaultEffect.REFUSED, cert)


def _strength(key: PublicKeyTypes) -> tuple[str, int, int]:
    """Return kind and length in bits of a key, and the least length."""
    match key:
        case rsa.RSAPublicKey():
            return "RSA", key.key_size, LEAST_RSA_BITS
        case ec.EllipticCurvePublicKey():
            return "EC", key.key_size, LEAST_CURVE_BITS
        case dsa.DSAPublicKey():  # no client of today's accepts it at any length
            return "DSA", 0, LEAST_RSA_BITS
        case _:
            return "", 256, 256


def _is_open(key: Path) -> bool:
    try:
        return bool(key.stat().st_mode & 0o004)
    except OSError:  # taken away since it was read
        return False


def _hash_of(made: x509.Certificate) -> HashAlgorithm | None:
    try:
        return made.signature_hash_algorithm
    except UnsupportedAlgorithm:  # whether clients know it, they say in the handshake
        return None


def _encoded(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
