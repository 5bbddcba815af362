"""Faults of a server's certificate and key, each with its text and next step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from kikimori_core.errors import KikimoriError
from kikimori_core.messages import CodedText, both

if TYPE_CHECKING:
    from pathlib import Path


class FaultEffect(StrEnum):
    UNUSABLE = "unusable"
    """No TLS is possible with these files."""
    REFUSED = "refused"
    """A server can use the files, and clients refuse the certificate."""
    NOTICE = "notice"
    """It works today, or for most clients."""


@dataclass(frozen=True, slots=True)
class CertificateFault:
    """One fault of a certificate or its key."""

    code: str
    """Code of its texts, see `kikimori_core.messages`."""
    effect: FaultEffect
    file: Path
    """File at fault: the certificate's or the key's."""
    detail: CodedText
    next_step: CodedText

    @classmethod
    def of(cls, code: str, effect: FaultEffect, file: Path, **parameters: object) -> Self:
        """Return a fault with the texts of a code; `file` is one of their parameters."""
        return cls(code, effect, file, *both(code, file=file, **parameters))

    def error(self) -> CertificateError:
        """Return the fault as an error that can be raised."""
        return CertificateError(self)


class CertificateError(KikimoriError):
    """A certificate or key that cannot be used; `fault` says what is wrong."""

    def __init__(self, fault: CertificateFault) -> None:
        super().__init__(fault.detail, next_step=fault.next_step)
        self.fault = fault
