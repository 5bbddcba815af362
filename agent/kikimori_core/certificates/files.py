"""Certificates and keys read from PEM files, with every fault of a file named."""

from __future__ import annotations

import errno
import os
import re
import stat
import warnings
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kikimori_core.certificates.fault import CertificateFault, FaultEffect

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

MOST_BYTES = 1_000_000
"""Longest file that is read: a chain has a few thousand bytes."""
MOST_CERTIFICATES = 20

_CERTIFICATE = re.compile(
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----.*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----",
    re.DOTALL,
)
_KEY = re.compile(
    rb"-----BEGIN ((?:[A-Z0-9]+ )*)PRIVATE KEY-----(.*?)-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----", re.DOTALL
)


def read_certificates(file: Path) -> list[x509.Certificate]:
    """Read the certificates of a PEM file, in its order, at least one; raises CertificateError."""
    content = _read(file)
    blocks = _CERTIFICATE.findall(content)
    if not blocks or len(blocks) > MOST_CERTIFICATES:
        raise _unusable(_other_form(content) or "certificate_not_pem", file).error()
    found = []
    for number, block in enumerate(blocks, start=1):
        try:
            found.append(load_certificate(block))
        except ValueError as error:
            raise _unusable("certificate_block_damaged", file, number=number).error() from error
    return found


def load_certificate(content: bytes) -> x509.Certificate:
    """Load one certificate, PEM or DER, with everything in it; raises ValueError for one that is damaged."""
    pem = content.startswith(b"-----BEGIN ")
    try:
        with warnings.catch_warnings():
            # Of what a later release of the library will refuse: old serial numbers below 1.
            warnings.simplefilter("ignore")
            made = x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)
        # Read lazily, and wrong content shall show here, not in some later use.
        _ = (*made.extensions, made.subject, made.issuer, made.public_key())
    except (TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion) as error:
        raise ValueError(str(error)) from error
    return made


def read_key(file: Path) -> PrivateKeyTypes:
    """Read the private key of a PEM file; raises CertificateError."""
    content = _read(file, private=True)
    block = _KEY.search(content)
    if block is None:
        raise _unusable(_other_form(content) or "certificate_no_key", file).error()
    if b"ENCRYPTED" in block[1] or b"Proc-Type: 4,ENCRYPTED" in block[2]:
        raise _unusable("certificate_key_encrypted", file).error()
    try:
        return load_pem_private_key(block[0], password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unusable("certificate_key_damaged", file).error() from error


def _read(file: Path, *, private: bool = False) -> bytes:
    try:
        # A FIFO without a writer must not hold the program up.
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(file, error, private=private).error() from error
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            reason = "Is a directory" if stat.S_ISDIR(mode) else "is no regular file"
            raise _unusable("certificate_file_unreadable", file, reason=reason).error()
        with os.fdopen(os.dup(handle), "rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise _unreadable(file, error, private=private).error() from error
    finally:
        os.close(handle)
    if len(content) > MOST_BYTES:
        raise _unusable("certificate_file_too_long", file).error()
    return content


def _unreadable(file: Path, error: OSError, *, private: bool) -> CertificateFault:
    if error.errno == errno.EACCES:
        return _unusable("certificate_key_no_right" if private else "certificate_no_right", file)
    return _unusable("certificate_file_unreadable", file, reason=error.strerror)


def _other_form(content: bytes) -> str | None:
    """Return the code for content that is a certificate or key in another form than PEM."""
    if content[:1] != b"\x30":  # a SEQUENCE of ASN.1
        return None
    # A PKCS #12 file begins with its version, 3.
    return "certificate_pkcs12" if b"\x02\x01\x03" in content[2:9] else "certificate_der"


def _unusable(code: str, file: Path, **parameters: object) -> CertificateFault:
    return CertificateFault.of(code, FaultEffect.UNUSABLE, file, **parameters)
