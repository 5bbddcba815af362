"""Certificates as no good tool makes them: of any date, purpose, key and signature."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

if TYPE_CHECKING:
    from pathlib import Path

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

SERVERS = (ExtendedKeyUsageOID.SERVER_AUTH,)
CLIENTS = (ExtendedKeyUsageOID.CLIENT_AUTH,)


@dataclass(frozen=True)
class Wish:
    """Properties of a certificate to make."""

    name: str = "kikimori.office.example"
    names: tuple[str, ...] = ("kikimori.office.example",)
    addresses: tuple[str, ...] = ("127.0.0.1",)
    begins_days: float = -1
    ends_days: float = 90
    """Days from now."""
    authority: bool = False
    purposes: tuple[x509.ObjectIdentifier, ...] | None = SERVERS
    key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, and the way to issue others."""

    made: x509.Certificate
    key: Key

    def issue(self, wish: Wish) -> Issued:
        return _made(wish, self.made.subject, self.key)

    def write(self, folder: Path, *more: Issued) -> tuple[Path, Path]:
        """Write certificate, then further ones, and the key; returns both files."""
        cert, key = folder / "server.crt", folder / "server.key"
        key.touch(0o600)
        cert.write_bytes(b"".join(each.pem for each in (self, *more)))
        key.write_bytes(
            self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )
        return cert, key

    @property
    def pem(self) -> bytes:
        return self.made.public_bytes(Encoding.PEM)


def root(name: str = "Office root", **wish: object) -> Issued:
    """Return an authority that signed itself."""
    wanted = Wish(name, (), (), authority=True, purposes=None, ends_days=3650, **wish)  # type: ignore[arg-type]
    return _made(wanted, None, None)


def alone(wish: Wish) -> Issued:
    """Return a certificate that signed itself."""
    return _made(wish, None, None)


def _made(wish: Wish, issuer: x509.Name | None, issuer_key: Key | None) -> Issued:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, wish.name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(wish.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=wish.begins_days))
        .not_valid_after(now + timedelta(days=wish.ends_days))
        .add_extension(x509.BasicConstraints(ca=wish.authority, path_length=None), critical=True)
    )
    alternative = [
        *map(x509.DNSName, wish.names),
        *(x509.IPAddress(ipaddress.ip_address(each)) for each in wish.addresses),
    ]
    if alternative:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    if wish.purposes is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(wish.purposes), critical=False)
    return Issued(builder.sign(issuer_key or wish.key, SHA256()), wish.key)
