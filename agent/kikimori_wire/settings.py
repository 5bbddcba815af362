"""What configurations have in common: ports, networks, secrets, and how the MQTT broker is reached."""

from __future__ import annotations

import errno
import os
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Port = Annotated[int, Field(ge=1, le=65535)]
ListenPort = Annotated[int, Field(ge=0, le=65535)]
"""0 = any free one."""


def _are_networks(networks: tuple[str, ...]) -> tuple[str, ...]:
    for each in networks:
        ip_network(each)
    return networks


Networks = Annotated[tuple[str, ...], AfterValidator(_are_networks)]
"""Each an address or a network, e.g. `192.168.1.0/24`, whose bits beyond the mask are 0."""

LOOPBACK = ("127.0.0.0/8", "::1/128")


class BrokerSettings(BaseModel):
    """The `[mqtt]` table of the configuration file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: Port = 1883
    username: str | None = None
    password_file: Path | None = None
    """File whose first line is the password. A bare name: see `secret_path`."""
    ca_file: Path | None = None
    """Certificate authority of the broker; set it to use TLS."""
    cert_file: Path | None = None
    key_file: Path | None = None
    keepalive_s: int = Field(default=15, ge=5, le=600)
    """The broker declares an agent dead after one and a half of these without a word (last will)."""

    def password(self) -> str | None:
        """Read the password; raises OSError when the file cannot be read."""
        return None if self.password_file is None else read_secret(self.password_file)


def secret_path(path: Path) -> Path:
    """Return where a secret is: a bare name is one of systemd's credentials, by hand a file of `/etc/kikimori`.

    From there the units hand it to the service.
    """
    return (
        Path(os.environ.get("CREDENTIALS_DIRECTORY", "/etc/kikimori")) / path
        if path.parent == Path()
        else path
    )


def read_secret(path: Path) -> str:
    """Read the first line of the file at `secret_path`; raises OSError when it cannot be read, or is empty."""
    path = secret_path(path)
    secret = path.read_text(encoding="utf-8").partition("\n")[0].strip()
    if not secret:
        raise OSError(errno.ENODATA, "the file is empty", str(path))
    return secret
