"""`[recording]` and `[records]`: what is recorded and for how long, and where the records are kept.

Read by the agent, which records, by the records service, which keeps, and by the dashboard, which shows both.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kikimori_core.journal.anchor_settings import AnchorTable
from kikimori_core.messages import text
from kikimori_core.wire.files import MadeFolder, PemFile
from kikimori_core.wire.settings import HostName, ListenPort, is_loopback, matching, origin_parts

PBX = "pbx"
"""Value of `[recording] announcement` for an office whose PBX announces the recording itself."""

Days = Annotated[int, Field(ge=1, le=36_500)]

Pattern = Annotated[
    str,
    matching(
        r"[0-9A-Za-z._?*\[\]-]{1,64}",
        'write an extension or queue, with ? for any one letter and * for any text, e.g. "2??"',
    ),
]


class RecordingTable(BaseModel):
    """The `[recording]` table: what is recorded, and for how long. Without the table nothing is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool | None = None
    """None = the office has not decided: nothing is recorded, and the lines to add are shown."""
    days: Days | None = None
    """Days after which a recording is removed; no default."""
    max_gb: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    """Most disk in 10^9 bytes, no default. For an agent: its journal until the records service has it. For the records
    service: sound and what is not finished yet."""
    exclude_extensions: tuple[Pattern, ...] = ()
    """Extensions of operators whose calls are not recorded; patterns as in `[sides]`."""
    exclude_queues: tuple[Pattern, ...] = ()
    """Queues whose calls are not recorded; patterns as in `[sides]`."""
    transcript_operator: bool = True
    """False = no words of the operator's side are kept."""
    mask_numbers: bool = False
    """True = of callers' numbers only the last four digits are kept."""
    announcement: Annotated[
        str,
        matching(
            r"([0-9A-Za-z][0-9A-Za-z._-]{0,63})?",
            'write the name of one of [[pbx.announcements]], e.g. "recorded", or "pbx"',
        ),
    ] = ""
    """Name of one of `[[pbx.announcements]]`, played to the customer at the begin of a call that is recorded; `pbx` = the
    PBX announces it; empty = nobody does."""
    calls_at_once: Annotated[int, Field(ge=1, le=100_000)] = 50
    """Calls at a time, for the forecast of `kikimori config check` alone."""
    hours_a_day: Annotated[float, Field(gt=0, le=24)] = 8.0
    """Hours a day with so many calls, for the forecast alone."""

    @model_validator(mode="after")
    def _is_decided(self) -> Self:
        if self.enabled is None and self.model_fields_set:
            raise ValueError(text("recording_enabled_missing"))
        if self.enabled and (self.days is None or self.max_gb is None):
            raise ValueError(text("recording_limits_missing"))
        return self

    @property
    def is_on(self) -> bool:
        return self.enabled is True

    @property
    def most_bytes(self) -> int:
        """Return `max_gb` in bytes; 0 where nothing is recorded."""
        return int((self.max_gb or 0) * 1e9) if self.is_on else 0


class RecordsTable(BaseModel):
    """The `[records]` table: the records service and the way to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    """Address of the records service, for an agent and for a dashboard that is not on its machine, which plays recorded
    calls from there: `https://records.office.example:8770`. None = inside `kikimori up`."""
    ca_file: PemFile | None = None
    """Authority of its certificate; None = the system's."""
    dir: MadeFolder | None = None
    """Folder of sound and received journals, on the service's machine; None = `records` in the folder of the database."""
    address: HostName = "127.0.0.1"
    """Address on which `kikimori records` listens; one that is not loopback needs `certificate`."""
    port: ListenPort = 8770
    certificate: PemFile | None = None
    """Certificate of the service with those above it (PEM); None = plain HTTP, on loopback alone."""
    certificate_key: PemFile | None = None
    """Its key; None = it stands in `certificate`."""
    trust: MadeFolder | None = None
    """Folder with the keys of the agents, and of the dashboards elsewhere that may hear; None = `[dashboard] state_dir`."""
    transcript_days: Days | None = None
    """Days after which a call's words are removed; None = `[recording] days`."""
    row_days: Days | None = None
    """Days after which a call is removed from the history; None = as long as the longest of its kinds."""
    number_days: Days | None = None
    """Days after which callers' numbers and names are removed; None = `[recording] days`."""
    customer_days: Days | None = None
    """Days after a customer's last change, import or call after which the entry is removed from the list; None = 1095."""
    ask_reason: bool = False
    """True = who plays a recorded call on the dashboard is asked why; the audit has the answer."""
    anchors: AnchorTable = AnchorTable()
    """Places outside of the service's machine that vouch for what is kept."""

    @field_validator("url")
    @classmethod
    def _is_an_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = origin_parts(value)
        if parts is None or parts.scheme not in ("https", "http"):
            raise ValueError(text("records_url_wrong"))
        if parts.scheme == "http" and not is_loopback(str(parts.hostname)):
            raise ValueError(text("records_url_in_the_clear"))
        return value.rstrip("/")

    @model_validator(mode="after")
    def _is_protected(self) -> Self:
        # Calls' sound and words would be readable on the way.
        if not is_loopback(self.address) and self.certificate is None:
            raise ValueError(text("records_address_unprotected"))
        return self
