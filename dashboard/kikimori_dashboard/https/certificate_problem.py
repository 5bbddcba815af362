"""Problems of the pages' certificate as log and pages tell them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kikimori_core.certificates.content import moment
from kikimori_core.certificates.fault import FaultEffect
from kikimori_core.messages import both, in_language
from kikimori_dashboard.worded import LANGUAGES

if TYPE_CHECKING:
    from kikimori_core.certificates.examination import PairReport
    from kikimori_core.certificates.fault import CertificateFault
    from kikimori_core.certificates.server_certificate import ServerCertificate
    from kikimori_core.messages import CodedText

SHOWN_NOTICES = frozenset({"certificate_ends"})
"""Faults for the page that keep nobody away today; others of their kind are for `kikimori doctor`."""


@dataclass(frozen=True, slots=True)
class CertificateProblem:
    """Problem of the certificate; `detail` and `next_step` know their code."""

    code: str
    mood: Literal["warn", "bad"]
    """Colour of its line on the page: amber or red."""
    detail: CodedText
    next_step: CodedText

    def view(self) -> dict[str, Any]:
        """Return it for browsers, in each language."""
        words = {
            each: {
                "detail": in_language(self.detail, each),
                "remedy": in_language(self.next_step, each),
            }
            for each in LANGUAGES
        }
        return {"code": self.code, "mood": self.mood, "words": words}


def ending(report: PairReport) -> tuple[CertificateProblem, ...]:
    """Return the problems of the certificate in use: it ends soon, has ended, or browsers refuse it."""
    return tuple(
        _problem(each)
        for each in report.faults
        if each.effect is not FaultEffect.NOTICE or each.code in SHOWN_NOTICES
    )


def not_taken(fault: CertificateFault, in_use: ServerCertificate) -> tuple[CertificateProblem, ...]:
    """Return the problems of new files that cannot be used, while the former certificate is."""
    texts = both("certificate_former_in_use", ends_at=moment(in_use.not_after))
    return (CertificateProblem("certificate_former_in_use", "bad", *texts), _problem(fault))


def _problem(fault: CertificateFault) -> CertificateProblem:
    mood: Literal["warn", "bad"] = "warn" if fault.effect is FaultEffect.NOTICE else "bad"
    return CertificateProblem(fault.code, mood, fault.detail, fault.next_step)
