"""Settings of a mail server and of those who get mail from it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kikimori_core.messages import text
from kikimori_core.wire.files import PemFile, SecretFile
from kikimori_core.wire.settings import HostName, Port, is_loopback, matching

MOST_RECIPIENTS = 20
Address = Annotated[
    str,
    Field(max_length=254),
    matching(r"[^@\s<>,;]+@[^@\s<>,;]+", 'write an address like "kikimori@office.example"'),
]


class MailSettings(BaseModel):
    """Mail by a server of the office or of a provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
    recipients: Annotated[tuple[Address, ...], Field(min_length=1, max_length=MOST_RECIPIENTS)]

    @model_validator(mode="after")
    def _nothing_goes_in_the_clear(self) -> Self:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError(text("notify_mail_in_the_clear"))
        return self
