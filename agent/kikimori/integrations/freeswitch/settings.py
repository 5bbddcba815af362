"""The `[freeswitch]` table: where FreeSWITCH is, and how it reaches us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kikimori_core.wire import settings
from kikimori_core.wire.files import SecretFile
from kikimori_core.wire.settings import LOOPBACK, ListenPort, Networks, Port, matching

if TYPE_CHECKING:
    from pathlib import Path


class FreeSwitchTable(BaseModel):
    """`[freeswitch]`: used by the way in (`tap`) and by control (`[pbx] kind = "freeswitch"`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tap: bool = False
    """Listen to calls of FreeSWITCH."""
    esl_host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    esl_port: Port = 8021
    esl_password_file: SecretFile | None = None
    """File whose first line is the password of `event_socket.conf.xml`. A bare name: see
    `secret_path`. None = no event socket: streams are started by the dialplan."""
    module: Literal["audio_stream", "audio_fork"] = "audio_stream"
    """Name of the loaded module: mod_audio_stream or mod_audio_fork."""
    mode: Literal["stereo", "mono"] = "stereo"
    """`stereo`: one stream on the customer's channel. `mono`: one stream on each side's channel."""
    rate: Literal[8000, 16000] = 8000
    media_host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    """Address of this machine where FreeSWITCH delivers audio."""
    media_port: ListenPort = 8768
    media_url: (
        Annotated[
            str,
            matching(
                r"wss?://[0-9A-Za-z.:\[\]_-]{1,255}", 'write an address like "wss://kikimori.example:443"'
            ),
        ]
        | None
    ) = None
    """URL at which FreeSWITCH reaches that port where it is not `ws://media_host:media_port` (a proxy,
    TLS)."""
    media_token_file: SecretFile | None = None
    """First line = the secret in the path of streams that the dialplan starts; None = those are refused."""
    allow: Networks = LOOPBACK
    """Networks of FreeSWITCH; media from elsewhere is rejected."""
    max_streams: Annotated[int, Field(ge=1, le=100_000)] = 1000
    idle_s: Annotated[float, Field(gt=0)] = 300.0
    """Seconds without audio after which a stream is ended."""
    dial: Annotated[
        str,
        matching(
            r"[0-9A-Za-z_./@:+${}%-]{1,200}",
            'write it as in bridge(), with {target} for the number, e.g. "user/{target}"',
        ),
    ] = "user/{target}"
    """Dial string of a telephone; `{target}` is the extension. A ring group:
    `loopback/{target}/default/xml`."""
    music: Annotated[
        str,
        matching(r"[0-9A-Za-z_./:${}-]{1,200}", 'write it as for playback, e.g. "local_stream://moh"'),
    ] = "local_stream://moh"
    """Sound for a customer on hold: anything that FreeSWITCH's `playback` takes."""

    @field_validator("dial")
    @classmethod
    def _names_the_target(cls, value: str) -> str:
        if "{target}" not in value:
            raise ValueError("must contain {target}, the extension to ring")
        return value

    @model_validator(mode="after")
    def _somebody_starts_streams(self) -> FreeSwitchTable:
        if self.tap and self.esl_password_file is None and self.media_token_file is None:
            raise ValueError(
                "tap needs esl_password_file (streams are started over the event socket) or media_token_file "
                "(streams are started by the dialplan)"
            )
        return self


def read_secret(path: Path | None) -> str:
    """Return the first line of a secret's file; raises ValueError for None, OSError as the shared `read_secret`."""
    if path is None:
        raise ValueError("no file is configured")
    return settings.read_secret(path)
