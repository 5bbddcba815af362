"""Content of a file that shall be trusted as an authority: exactly one certificate, of an authority, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from kikimori_core.certificates.authority import permitted
from kikimori_core.certificates.content import moment, strength_faults
from kikimori_core.certificates.files import load_certificate
from kikimori_core.certificates.server_certificate import ServerCertificate, common_name
from kikimori_core.errors import KikimoriError

_PEM = re.compile(rb"\s*(-----BEGIN CERTIFICATE-----[0-9A-Za-z+/=\s]+-----END CERTIFICATE-----)\s*")
_BEGIN = b"-----BEGIN "


@dataclass(frozen=True, slots=True)
class OfficeAuthority:
    """An authority as a person compares it before it is trusted."""

    name: str
    ends_at: str
    permitted: tuple[str, ...]
    """Names and networks for which alone it may vouch; empty = for any."""
    fingerprint: str
    """SHA-256 as openssl and browsers print it: pairs of hexadecimal digits with colons."""
    pem: str

    def is_called(self, fingerprint: str) -> bool:
        """Return whether somebody's fingerprint is this one's, however its digits are grouped."""
        return _digits(fingerprint) == _digits(self.fingerprint)


def read_office_authority(content: bytes, source: Path | str, now: datetime | None = None) -> OfficeAuthority:
    """Check what a file or a server gave as an authority (PEM or DER).

    Raises:
        KikimoriError: it is no certificate alone, not an authority's own, weak, over or not yet valid.
    """
    now = now or datetime.now(UTC)
    made = _only_certificate(content, source)
    name = common_name(made.subject)
    if not _signs_certificates(made):
        raise KikimoriError.of("trust_server_certificate", source=source, name=name)
    if made.issuer != made.subject or not _signed_itself(made):
        raise KikimoriError.of("trust_between", source=source, name=name, issuer=common_name(made.issuer))
    if now > made.not_valid_after_utc:
        raise KikimoriError.of(
            "trust_expired", source=source, name=name, ends_at=moment(made.not_valid_after_utc)
        )
    if now < made.not_valid_before_utc:
        begins_at = moment(made.not_valid_before_utc)
        raise KikimoriError.of(
            "trust_not_yet", source=source, name=name, begins_at=begins_at, clock=moment(now)
        )
    for fault in strength_faults(Path(source), made):
        raise fault.error()
    domains, networks = permitted(made)
    return OfficeAuthority(
        name=name,
        ends_at=moment(made.not_valid_after_utc),
        permitted=(*domains, *map(str, networks)),
        fingerprint=ServerCertificate.of(made).fingerprint,
        pem=made.public_bytes(Encoding.PEM).decode(),
    )


def in_groups(fingerprint: str) -> tuple[str, str]:
    """Return a fingerprint in two lines of eight groups of four digits, as it is read out on the telephone."""
    digits = _digits(fingerprint)
    groups = [digits[at : at + 4] for at in range(0, len(digits), 4)]
    return " ".join(groups[:8]), " ".join(groups[8:])


def _digits(fingerprint: str) -> str:
    return re.sub(r"[\s:.-]", "", fingerprint).lower()


def _only_certificate(content: bytes, source: Path | str) -> x509.Certificate:
    """Return the one certificate of a content that holds nothing else."""
    if b"PRIVATE KEY-----" in content:
        raise KikimoriError.of("trust_with_key", source=source)
    if content.count(_BEGIN) > 1:
        raise KikimoriError.of("trust_more_than_one", source=source)
    found = _PEM.fullmatch(content)
    if found is None and _BEGIN in content:
        raise KikimoriError.of("trust_extra_content", source=source)
    try:
        return load_certificate(content if found is None else found[1])
    except ValueError:
        raise KikimoriError.of("trust_no_certificate", source=source) from None


def _signs_certificates(made: x509.Certificate) -> bool:
    try:
        if not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        return made.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as error:
        # An authority without key usage may use its key for anything.
        return error.oid == x509.KeyUsage.oid


def _signed_itself(made: x509.Certificate) -> bool:
    try:
        made.verify_directly_issued_by(made)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
