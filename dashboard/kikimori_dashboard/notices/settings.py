"""The `[notify]` table: which alerts are told outside, and to whom."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kikimori_core.messages import text
from kikimori_core.wire.files import PemFile, SecretFile
from kikimori_core.wire.settings import HostName, Name, Port, is_loopback
from kikimori_core.wire.values import Severity

MOST_TARGETS = 20
Address = Annotated[str, Field(max_length=254, pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$")]


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


class MailSettings(_Part):
    """Mail by a server of the office or of a provider."""

    host: HostName
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` only to this machine's own server."""
    username: str | None = None
    password_file: SecretFile | None = None
    """File whose first line is the password. A bare name: see `secret_path`."""
    ca_file: PemFile | None = None
    """Authority of its certificate; None = the system's."""
    sender: Address
    recipients: Annotated[tuple[Address, ...], Field(min_length=1, max_length=MOST_TARGETS)]

    @model_validator(mode="after")
    def _nothing_goes_in_the_clear(self) -> Self:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError(text("notify_mail_in_the_clear"))
        return self


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
