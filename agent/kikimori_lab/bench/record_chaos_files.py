"""Configurations, certificate and keys of agent and records service for `kikimori bench record-chaos`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.certificates.authority import LocalAuthority
from kikimori_core.wire.key_store import Identity

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.settings import StoreSettings

SITE, AGENT = "chaos", "front-desk"


@dataclass(frozen=True, slots=True)
class ChaosPorts:
    """Ports on loopback. Nothing listens on that of the broker."""

    audio: int
    announce: int
    records: int
    relay: int
    """In front of `records`."""
    broker: int


def write_files(folder: Path, kept: Path, ports: ChaosPorts) -> None:
    """Write `agent.toml` and `service.toml` with a certificate, and have the agent's key trusted; `kept`: the service's folder."""
    kept.mkdir()
    state = folder / "state"
    of_agent = Identity.at(state, f"agent-{AGENT}")
    Identity.at(kept, "dashboard").trust.trust(AGENT, of_agent.key.public)
    authority, certificate, key = (folder / name for name in ("ca.pem", "records.pem", "records.key"))
    names, addresses = ["localhost"], [ipaddress.ip_address("127.0.0.1")]
    made = LocalAuthority.make(names, addresses)
    issued = made.issue(names[0], names, addresses)
    authority.write_bytes(made.pair().certificate)
    certificate.write_bytes(issued.certificate)
    key.touch(mode=0o600)
    key.write_bytes(issued.key)
    general = f'site = "{SITE}"\nagent_id = "{AGENT}"\n'
    recording = "[recording]\nenabled = true\ndays = 1\nmax_gb = 100\n"
    (folder / "agent.toml").write_text(
        f'{general}log_level = "info"\nstate_dir = "{state}"\n[mqtt]\nport = {ports.broker}\n{recording}'
        f'[records]\nurl = "https://127.0.0.1:{ports.relay}"\nca_file = "{authority}"\n'
        f"[audiosocket]\nport = {ports.audio}\nannounce_port = {ports.announce}\n"
        # Nothing is recognised, and reading the phrases would be most of an agent's start.
        "[speech]\nenabled = false\n[judging]\nbuiltin_phrases = false\n",
        encoding="utf-8",
    )
    (folder / "service.toml").write_text(
        f'{general}log_level = "debug"\n{recording}[records]\nport = {ports.records}\n'
        f'certificate = "{certificate}"\ncertificate_key = "{key}"\n'
        f'[dashboard]\nstate_dir = "{kept}"\n',
        encoding="utf-8",
    )


def add_store(folder: Path, store: StoreSettings) -> None:
    """Add the database to `service.toml`."""
    secret = "" if store.password_file is None else f'password_file = "{store.password_file}"\n'
    with (folder / "service.toml").open("a", encoding="utf-8") as file:
        file.write(f'[store]\ndir = "{store.dir}"\nurl = "{store.url}"\n{secret}')
