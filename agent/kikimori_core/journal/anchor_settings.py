"""`[records.anchors]`: where the heads of the record's days are kept besides the service's own disk."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from kikimori_core.mail.settings import MailSettings
from kikimori_core.messages import text
from kikimori_core.wire.files import MadeFolder, PemFile, SecretFile
from kikimori_core.wire.settings import is_loopback, matching

Url = Annotated[
    str,
    Field(max_length=500),
    matching(r"https?://[^\s@]+", 'write an address like "https://backup.office.example/heads"'),
]


class TimestampSettings(BaseModel):
    """A time-stamping authority (RFC 3161). It gets a hash and no data of a call."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Url
    """Address of the authority: `https://tsa.example/tsr`. Plain HTTP is usual: its answers are signed."""
    ca_file: PemFile
    """Certificates (PEM) that its answers are verified by: the authority's root, and those in between."""


class AnchorTable(BaseModel):
    """The `[records.anchors]` table. Each part that is set gets the head of every day that is closed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: MadeFolder | None = None
    """Folder of another machine that is mounted here: heads are appended to `kikimori-heads.jsonl` in it, JSON, a line each."""
    url: Url | None = None
    """Address on another machine that heads are sent to: `https://`, a POST of JSON each."""
    ca_file: PemFile | None = None
    """Authority of the certificate of `url`; None = the system's."""
    token_file: SecretFile | None = None
    """File whose first line `url` wants as `Authorization: Bearer …`. A bare name: see `secret_path`."""
    mail: MailSettings | None = None
    """Mail with the heads, as text."""
    timestamps: TimestampSettings | None = None
    """Time stamps of an authority; needs the extra `timestamps`."""

    @field_validator("url")
    @classmethod
    def _is_protected(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme == "http" and not is_loopback(str(parts.hostname)):
            raise ValueError(text("anchor_url_in_the_clear"))
        return value

    @property
    def is_set(self) -> bool:
        """Return whether heads are kept anywhere else."""
        return any(each is not None for each in (self.folder, self.url, self.mail, self.timestamps))
