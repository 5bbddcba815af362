"""Problems of the pages' certificate as log and pages tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.certificates.content import moment
from kikimori_core.certificates.fault import FaultEffect
from kikimori_core.wire.messages import Problem, Severity

if TYPE_CHECKING:
    from kikimori_core.certificates.examination import PairReport
    from kikimori_core.certificates.fault import CertificateFault
    from kikimori_core.certificates.server_certificate import ServerCertificate

SHOWN_NOTICES = frozenset({"certificate_ends"})
"""Faults for the page that keep nobody away today; others of their kind are for `kikimori doctor`."""


def ending(report: PairReport) -> tuple[Problem, ...]:
    """Return the problems of the certificate in use: it ends soon, has ended, or browsers refuse it."""
    return tuple(
        _problem(each)
        for each in report.faults
        if each.effect is not FaultEffect.NOTICE or each.code in SHOWN_NOTICES
    )


def not_taken(fault: CertificateFault, in_use: ServerCertificate) -> tuple[Problem, ...]:
    """Return the problems of new files that cannot be used, while the former certificate is."""
    return (Problem.of("certificate_former_in_use", ends_at=moment(in_use.not_after)), _problem(fault))


def _problem(fault: CertificateFault) -> Problem:
    severity = Severity.WARNING if fault.effect is FaultEffect.NOTICE else Severity.CRITICAL
    return Problem(code=fault.code, detail=fault.detail, remedy=fault.next_step, severity=severity)
