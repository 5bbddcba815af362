"""An office's own certificate authority: it vouches for the office's servers alone, and signs their certificates."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from kikimori_core.certificates.content import is_authority, moment
from kikimori_core.certificates.files import read_certificates, read_key
from kikimori_core.certificates.names import (
    Address,
    Network,
    is_below,
    permitted_domains,
    permitted_networks,
)
from kikimori_core.errors import KikimoriError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397
"""Life of a server's certificate: a year and a month, which every browser accepts."""
MOST_SERVER_DAYS = 825
"""Longest life that Apple's systems accept."""
EARLIER = timedelta(hours=1)
"""Time by which a certificate begins before it is made: clocks of computers differ."""

_COMMON_NAME_LETTERS = 64
"""Longest common name, RFC 5280."""
_EVERYWHERE = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True, slots=True)
class IssuedPair:
    """A new certificate with its key, both PEM."""

    certificate: bytes
    """For a server the whole chain: its own certificate, then the authority's."""
    key: bytes


class LocalAuthority:
    """A certificate authority with its key."""

    def __init__(
        self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    ) -> None:
        self.certificate = certificate
        self._key = key

    @classmethod
    def make(cls, names: Sequence[str], addresses: Sequence[Address], permit: Iterable[str] = ()) -> Self:
        """Make a new authority for servers of these names and addresses; `permit`: further domains."""
        key = ec.generate_private_key(ec.SECP256R1())
        # Each authority has a name of its own: browsers confuse two of the same name.
        title = f"Kikimori {names[0]}"[: _COMMON_NAME_LETTERS - 9] + f" {secrets.token_hex(4)}"
        subject = _subject(title)
        builder = _builder(subject, subject, key.public_key(), AUTHORITY_DAYS)
        domains = permitted_domains(names, permit)
        networks = permitted_networks(addresses)
        constraints = x509.NameConstraints(
            permitted_subtrees=[*map(x509.DNSName, domains), *map(x509.IPAddress, networks)],
            # Without one of them every address would be permitted.
            excluded_subtrees=None if networks else [x509.IPAddress(each) for each in _EVERYWHERE],
        )
        builder = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(constraints, critical=True)
        )
        return cls(builder.sign(key, SHA256()), key)

    @classmethod
    def read(cls, cert: Path, key: Path) -> Self:
        """Read an authority from its files.

        Raises:
            CertificateError: one cannot be read.
            KikimoriError: they hold no authority, or do not belong together.
        """
        certificate, private = read_certificates(cert)[0], read_key(key)
        if not is_authority(certificate) or not isinstance(
            private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
        ):
            raise KikimoriError.of("certificate_no_authority", file=cert)
        if private.public_key() != certificate.public_key():
            raise KikimoriError.of("key_of_other_certificate", key=key, cert=cert)
        return cls(certificate, private)

    def pair(self) -> IssuedPair:
        """Return its own certificate and key."""
        return IssuedPair(self.certificate.public_bytes(Encoding.PEM), _plain(self._key))

    def issue(
        self, title: str, names: Sequence[str], addresses: Sequence[Address], days: int = SERVER_DAYS
    ) -> IssuedPair:
        """Make a server's certificate and its key; it ends with the authority at the latest.

        Raises:
            KikimoriError: a name or address is outside of the authority's constraints, or the authority has ended.
        """
        self._refuse_others(names, addresses)
        now = datetime.now(UTC)
        if now >= self.certificate.not_valid_after_utc:
            raise KikimoriError.of(
                "certificate_authority_ended", ends_at=moment(self.certificate.not_valid_after_utc)
            )
        key = ec.generate_private_key(ec.SECP256R1())
        alternative = [*map(x509.DNSName, names), *map(x509.IPAddress, addresses)]
        made = (
            _builder(
                _subject(title), self.certificate.subject, key.public_key(), days,
                self.certificate.not_valid_after_utc,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage("digital_signature"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
            .add_extension(self._identifier(), critical=False)
            .sign(self._key, SHA256())
        )  # fmt: skip
        chain = made.public_bytes(Encoding.PEM) + self.certificate.public_bytes(Encoding.PEM)
        return IssuedPair(chain, _plain(key))

    def _refuse_others(self, names: Sequence[str], addresses: Sequence[Address]) -> None:
        """Raise KikimoriError for names and addresses that the constraints would have clients refuse."""
        if _constraints(self.certificate) is None:
            return
        domains, networks = permitted(self.certificate)
        outside = [each for each in names if not any(is_below(each, domain) for domain in domains)]
        outside += [str(each) for each in addresses if not any(each in network for network in networks)]
        if outside:
            limits = ", ".join([*domains, *map(str, networks)])
            raise KikimoriError.of(
                "certificate_outside_constraints", names=", ".join(outside), permitted=limits
            )

    def _identifier(self) -> x509.AuthorityKeyIdentifier:
        try:
            own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        except x509.ExtensionNotFound:
            return x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def permitted(certificate: x509.Certificate) -> tuple[list[str], list[Network]]:
    """Return the domains and networks to which an authority's constraints limit it; nothing where it has none."""
    constraints = _constraints(certificate)
    found = (constraints.permitted_subtrees or []) if constraints is not None else []
    return (
        [each.value for each in found if isinstance(each, x509.DNSName)],
        [
            each.value
            for each in found
            if isinstance(each, x509.IPAddress)
            and isinstance(each.value, ipaddress.IPv4Network | ipaddress.IPv6Network)
        ],
    )


def _constraints(certificate: x509.Certificate) -> x509.NameConstraints | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return None


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    days: int,
    at_most: datetime | None = None,
) -> x509.CertificateBuilder:
    """Return a certificate that began an hour ago and is valid for `days`, with one extension only."""
    begins = datetime.now(UTC).replace(microsecond=0) - EARLIER
    # The last second counts: a certificate of 825 days and a second is refused.
    ends = begins + timedelta(days=days, seconds=-1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends if at_most is None else min(ends, at_most))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _subject(title: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, title[:_COMMON_NAME_LETTERS])])


def _usage(*purposes: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{each: each in purposes for each in _KEY_USAGES})


def _plain(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
