"""Certificates as an office makes them by itself, by openssl."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """A certificate authority; `file` is its certificate, for clients that are to trust it."""

    def __init__(self, folder: Path, name: str, *, days: int = 2) -> None:
        self._folder = folder
        self.file = folder / f"{name}.pem"
        self._key = folder / f"{name}-key.pem"
        # Without the extensions that Python checks for from 3.13 on: Asterisk's own ast_tls_cert sets none either.
        _openssl(
            "req", "-x509", *_EC, "-keyout", self._key, "-out", self.file, "-days", str(days),
            "-subj", f"/CN={name}",
        )  # fmt: skip

    def certificate(self, name: str, alternative: str | None, days: int = 2) -> tuple[Path, Path]:
        """Make a certificate and its key. `alternative`: e.g. `IP:127.0.0.1`. Days below 0: it is over."""
        cert, key, asked = (self._folder / f"{name}{end}.pem" for end in ("", "-key", "-asked"))
        extensions = self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternative}\n" if alternative else "", encoding="utf-8")
        _openssl("req", "-new", *_EC, "-keyout", key, "-out", asked, "-subj", f"/CN={name}")
        _openssl(
            "x509", "-req", "-in", asked, "-CA", self.file, "-CAkey", self._key, "-CAcreateserial",
            "-days", str(days), "-extfile", extensions, "-out", cert,
        )  # fmt: skip
        return cert, key


def self_signed(folder: Path, name: str, days: int = 2) -> tuple[Path, Path]:
    """Make a self-signed certificate for loopback, and its key."""
    cert, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
    _openssl(
        "req", "-x509", *_EC, "-keyout", key, "-out", cert, "-days", str(days), "-subj", f"/CN={name}",
        "-addext", "subjectAltName=IP:127.0.0.1",
    )  # fmt: skip
    return cert, key


def _openssl(*command: str | Path) -> None:
    subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True)
