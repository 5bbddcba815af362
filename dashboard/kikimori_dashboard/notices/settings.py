"""The `[notify]` table: which alerts are told outside, and to whom."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kikimori_core.mail.settings import MailSettings
from kikimori_core.wire.files import PemFile, SecretFile
from kikimori_core.wire.settings import Name
from kikimori_core.wire.values import Severity

MOST_TARGETS = 20


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WebhookSettings(_Part):
    """One webhook."""

    name: Name
    """Name in problems and logs."""
    kind: Literal["slack", "teams", "line_works", "json"]
    url_file: SecretFile
    """File whose first line is its address, `https://…`: whoever knows it may write there. A bare name: see `secret_path`."""
    ca_file: PemFile | None = None
    """Authority of its certificate; None = the system's."""


class NotifySettings(_Part):
    """Settings of everything that leaves the house."""

    enabled: bool = False
    from_severity: Literal["notice", "warning", "critical"] = "critical"
    """Severity from which an alert is told; a call for help is told always."""
    language: Literal["ja", "en"] | None = None
    """Language of the notices; None = `language` of the file."""
    link: Annotated[str, Field(max_length=256, pattern=r"^https?://\S+$")] | None = None
    """Address of the page that stands in a notice; None = where the pages are."""
    seats: dict[str, Annotated[str, Field(max_length=64)]] = {}
    """Seat by extension, as a notice names it; other extensions are not named."""
    webhooks: Annotated[tuple[WebhookSettings, ...], Field(max_length=MOST_TARGETS)] = ()
    mail: MailSettings | None = None

    @property
    def least(self) -> Severity:
        return Severity(self.from_severity)

    def targets(self) -> tuple[str, ...]:
        """Return the names of everything that gets notices."""
        mail = () if self.mail is None else tuple(self.mail.recipients)
        return (*(each.name for each in self.webhooks), *mail) if self.enabled else ()
