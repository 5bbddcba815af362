"""Keys: has this agent one, and which dashboards may command it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import Diagnosis, State
from kikimori.errors import KikimoriError
from kikimori_core.wire.key_store import OwnKeys, TrustStore, own_path, trusted_path
from kikimori_core.wire.keys import fingerprint
from kikimori_core.wire.settings import is_loopback

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori.config import AgentConfig


def look_at_keys(config: AgentConfig) -> list[Diagnosis]:
    """Look at the key files of the state folder; makes nothing."""
    folder, name = config.state_path(), f"agent-{config.agent_id}"
    return [
        _own(own_path(folder, name)),
        _trusted(TrustStore(trusted_path(folder, name)), own_broker=_has_own_broker(config)),
    ]


def _own(path: Path) -> Diagnosis:
    try:
        own = OwnKeys.read(path)
    except KikimoriError as error:
        return Diagnosis("own key", State.FAULT, error.message, error.next_step)
    except OSError as error:
        return Diagnosis(
            "own key", State.WARNING, f"{path}: {error.strerror or error}", "check again with sudo"
        )
    if own is None:
        return Diagnosis("own key", State.OK, "none yet: it is made at the first start")
    if path.stat().st_mode & 0o077:
        return Diagnosis(
            "own key", State.FAULT, f"others on this machine can read {path}", f"sudo chmod 600 {path}"
        )
    return Diagnosis("own key", State.OK, fingerprint(own.current.public))


def _has_own_broker(config: AgentConfig) -> bool:
    """Return whether the configuration is for `kikimori agent`; `kikimori up` exchanges keys by itself."""
    return config.mqtt.username is not None or not is_loopback(config.mqtt.host)


def _trusted(trust: TrustStore, *, own_broker: bool) -> Diagnosis:
    if trust.fault:
        return Diagnosis("trusted dashboards", State.FAULT, trust.fault, "mend or remove the file")
    valid = trust.valid()
    if not valid and not own_broker:
        return Diagnosis("trusted dashboards", State.OK, "none; `kikimori up` needs none")
    if not valid:
        return Diagnosis(
            "trusted dashboards",
            State.WARNING,
            "none: the agent takes calls for help and no other command",
            "on the dashboard's machine: kikimori keys show --dashboard; here: kikimori keys trust KEY --name dashboard",
        )
    names = ", ".join(f"{each.name} ({fingerprint(each.key)[:9]} …)" for each in valid)
    return Diagnosis("trusted dashboards", State.OK, names)
