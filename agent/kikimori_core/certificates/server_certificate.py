"""A server's certificate as agent, dashboard and doctor use it: names, dates, fingerprint."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from kikimori_core.certificates.names import as_asked

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """Content of a certificate."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """DNS names of its subjectAltName in lower case, IDNA as A-labels."""
    addresses: tuple[str, ...]
    """IP addresses of its subjectAltName."""
    not_before: datetime
    not_after: datetime
    fingerprint: str
    """SHA-256 of the certificate as openssl and browsers print it: pairs of hexadecimal digits with colons."""

    @classmethod
    def of(cls, made: x509.Certificate) -> Self:
        alternative = _alternative(made)
        digest = made.fingerprint(SHA256()).hex(":").upper()
        return cls(
            subject=common_name(made.subject),
            issuer=common_name(made.issuer),
            names=tuple(each.lower() for each in alternative.get_values_for_type(x509.DNSName)),
            addresses=tuple(map(str, alternative.get_values_for_type(x509.IPAddress))),
            not_before=made.not_valid_before_utc,
            not_after=made.not_valid_after_utc,
            fingerprint=digest,
        )

    def days_left(self, now: datetime | None = None) -> int:
        """Return the whole days until it ends; negative when it has ended."""
        return (self.not_after - (now or datetime.now(UTC))).days

    def covers(self, asked: str) -> bool:
        """Return whether a client that asks for a name or an address accepts it."""
        try:
            return str(ipaddress.ip_address(asked.strip("[]"))) in self.addresses
        except ValueError:
            name = as_asked(asked)
        _, _, domain = name.partition(".")
        return name in self.names or (bool(domain) and f"*.{domain}" in self.names)

    def missing(self, asked: Iterable[str]) -> tuple[str, ...]:
        """Return which of the names and addresses it does not cover."""
        return tuple(each for each in asked if not self.covers(each))

    @property
    def named(self) -> str:
        """Its names and addresses as openssl prints them: `DNS:kikimori.office.example, IP:192.168.1.20`."""
        names = [f"DNS:{each}" for each in self.names]
        return ", ".join([*names, *(f"IP:{each}" for each in self.addresses)])


def common_name(name: x509.Name) -> str:
    """Return the common name of a subject or issuer, else all of it."""
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _alternative(made: x509.Certificate) -> x509.SubjectAlternativeName:
    try:
        return made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return x509.SubjectAlternativeName([])
