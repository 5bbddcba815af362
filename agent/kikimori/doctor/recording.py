"""Checks of `[recording]` and `[records]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.checks.certificate import diagnosed
from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori_core.certificates import examine_pair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori_core.journal.settings import RecordsTable


def look_at_records_certificate(records: RecordsTable) -> Iterator[Diagnosis]:
    """Yield the worst fault of the certificate of the records service; nothing without one."""
    if records.certificate is None:
        return
    report = examine_pair(records.certificate, records.certificate_key or records.certificate)
    of_key = report.worst is not None and report.worst.file == records.certificate_key
    found = diagnosed(
        "[records] certificate_key" if of_key else "[records] certificate", records.certificate, report
    )
    if found.state is not CheckState.OK:
        yield found
