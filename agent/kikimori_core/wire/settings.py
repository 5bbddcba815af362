"""Parts that configurations have in common: ports, networks, secrets, the connection to the MQTT broker."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import ssl
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr

from kikimori_core.messages import text
from kikimori_core.wire.files import PemFile, SecretFile
from kikimori_core.wire.topics import NAME_PATTERN

Port = Annotated[int, Field(ge=1, le=65535)]
ListenPort = Annotated[int, Field(ge=0, le=65535)]
"""0 = any free one."""


def _are_networks(networks: tuple[str, ...]) -> tuple[str, ...]:
    for each in networks:
        try:
            ip_network(each)
        except ValueError:
            raise ValueError(_no_network(each)) from None
    return networks


def _no_network(value: str) -> str:
    """Return why a text is no network, and how it would be one."""
    try:
        inside = ip_interface(value)
    except ValueError:
        return text("config_no_network", value=value)
    return text("config_within_network", value=value, network=inside.network, address=inside.ip)


Networks = Annotated[tuple[str, ...], AfterValidator(_are_networks)]
"""Each an address or a network, e.g. `192.168.1.0/24`, whose bits beyond the mask are 0."""


def matching(pattern: str, plain: str) -> AfterValidator:
    """Admit only text that is `pattern` as a whole; anything else is answered with `plain`, not with the pattern."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(text("config_cannot_stand", value=value, plain=plain))
        return value

    return AfterValidator(check)


NAME_IN_WORDS = (
    'it is a name in the broker\'s topics: letters A to Z and a to z, digits, ".", "_" and "-", '
    'beginning with a letter or digit, e.g. "tokyo-honsha"'
)
Name = Annotated[str, matching(NAME_PATTERN, NAME_IN_WORDS), Field(max_length=48)]
"""A level of a topic."""
SiteName = Annotated[
    str,
    matching(
        NAME_PATTERN,
        f'{NAME_IN_WORDS}. For the pages write the name as people know it: [dashboard] site_name = "東京本社"',
    ),
    Field(max_length=48),
]
HostName = Annotated[
    str, matching(r"[0-9A-Za-z.:_-]{1,253}", 'write an address or a host name, e.g. "192.168.1.30"')
]

LOOPBACK = ("127.0.0.0/8", "::1/128")


def is_loopback(host: str) -> bool:
    """Return whether a name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def origin_parts(url: str) -> SplitResult | None:
    """Return the parts of an address of scheme, host and port alone, with or without a slash; None for any other."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    more = parts.username or parts.path.strip("/") or parts.query or parts.fragment
    return parts if named and not more else None


class BrokerSettings(BaseModel):
    """The `[mqtt]` table of the configuration file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: Port = 1883
    username: str | None = None
    password_file: SecretFile | None = None
    """File whose first line is the password. A bare name: see `secret_path`."""
    ca_file: PemFile | None = None
    """Certificate authority of the broker; set it to use TLS."""
    cert_file: PemFile | None = None
    """Our certificate. It means TLS too: without `ca_file` the system's authorities are trusted."""
    key_file: PemFile | None = None
    """Its key; None = it stands in `cert_file`."""
    keepalive_s: int = Field(default=15, ge=5, le=600)
    """Keep-alive interval in s; after one and a half without data the broker declares an agent dead (last
    will)."""

    _password: str | None = PrivateAttr(default=None)
    """Password from a program of the same process; in no file."""

    def with_login(self, username: str, password: str) -> Self:
        """Return these settings with a user whose password stands in no file."""
        made = self.model_copy(update={"username": username, "password_file": None})
        made._password = password  # noqa: SLF001 - our own
        return made

    def password(self) -> str | None:
        """Read the password; raises OSError when the file cannot be read."""
        if self._password is not None:
            return self._password
        return None if self.password_file is None else read_secret(self.password_file)

    @property
    def has_tls(self) -> bool:
        return not (self.ca_file is None and self.cert_file is None and self.key_file is None)

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS context for the broker; None = no TLS. Raises OSError that names the file."""
        if not self.has_tls:
            return None
        if self.cert_file is None and self.key_file is not None:
            raise OSError(
                errno.EINVAL, "a key without its certificate: set cert_file too", str(self.key_file)
            )
        context = trusting(self.ca_file)
        if self.cert_file is not None:
            try:
                # Without a password OpenSSL would ask for one on the terminal.
                context.load_cert_chain(self.cert_file, self.key_file, password=lambda: b"")
            except OSError as error:
                both = f"{self.cert_file}, {self.key_file}" if self.key_file else str(self.cert_file)
                raise _named(error, both, "no certificate with its key (PEM) in it") from error
        return context


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Return a TLS context that trusts an authority, None = the system's.

    Raises:
        OSError: the file cannot be read, or holds no authority.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise _named(error, ca_file, "no certificate (PEM) in it") from error


async def context_for(url: str, ca_file: Path | None) -> ssl.SSLContext | bool:
    """Return the TLS context for requests to an address; True for one without TLS.

    In a thread: reading the system's authorities takes as long as some frames of audio.

    Raises:
        OSError: the file cannot be read, or holds no authority.
    """
    return await asyncio.to_thread(trusting, ca_file) if url.startswith("https") else True


def _named(error: OSError, path: Path | str | None, reason: str) -> OSError:
    if isinstance(error, ssl.SSLError):
        return OSError(errno.EBADMSG, reason, str(path))
    return OSError(error.errno, error.strerror, str(path))


def secret_path(path: Path) -> Path:
    """Return a secret's path: a bare name is one of systemd's credentials, else in `/etc/kikimori`.

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
