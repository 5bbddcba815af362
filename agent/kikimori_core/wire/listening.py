"""`[listening]`: whether calls can be listened to in a browser, and how.

Read by the agent, which sends the sound, and by the dashboard, which shows who listens.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from kikimori_core.messages import text
from kikimori_core.wire.files import PemFile
from kikimori_core.wire.settings import is_loopback, origin_parts


class ListeningTable(BaseModel):
    """The `[listening]` table of the configuration file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    """False = no call can be listened to in a browser, and no sound is kept for it."""
    past_s: Annotated[int, Field(ge=0, le=60)] = 60
    """Seconds of a running call that are kept in memory, to be heard again; 0 = none."""
    streams: Annotated[int, Field(ge=1, le=200)] = 10
    """Calls of an agent that are listened to at a time."""
    shown: bool = True
    """True = the operator's page says that somebody listens, and who."""
    url: str | None = None
    """Address of the dashboard's pages for this agent; None = the one that the dashboard itself names."""
    ca_file: PemFile | None = None
    """Authority of its certificate; None = that of `[records]`, else of `[mqtt]`, else the system's."""

    @field_validator("url")
    @classmethod
    def _is_an_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        address = stream_origin(value)
        if address is None:
            raise ValueError(text("listening_url_wrong"))
        return address


def stream_origin(url: str) -> str | None:
    """Return an address to which sound may be sent, without a slash at its end: HTTPS, or HTTP on this machine; else None."""
    parts = origin_parts(url)
    if parts is None or parts.scheme not in ("https", "http"):
        return None
    if parts.scheme == "http" and not is_loopback(str(parts.hostname)):
        return None
    return f"{parts.scheme}://{parts.netloc.lower()}"
