"""Keys: has this agent one, and which dashboards may command it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori.errors import KikimoriError
from kikimori_core.messages import both
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
        return Diagnosis("own key", CheckState.FAULT, error.message, error.next_step)
    except OSError as error:
        return Diagnosis(
            "own key",
            CheckState.WARNING,
            *both("own_key_unreadable", path=path, reason=error.strerror or error),
        )
    if own is None:
        return Diagnosis("own key", CheckState.OK, *both("own_key_none_yet"))
    if path.stat().st_mode & 0o077:
        return Diagnosis("own key", CheckState.FAULT, *both("own_key_exposed", path=path))
    return Diagnosis("own key", CheckState.OK, fingerprint(own.current.public))


def _has_own_broker(config: AgentConfig) -> bool:
    """Return whether the configuration is for `kikimori agent`; `kikimori up` exchanges keys by itself."""
    return config.mqtt.username is not None or not is_loopback(config.mqtt.host)


def _trusted(trust: TrustStore, *, own_broker: bool) -> Diagnosis:
    if trust.fault:
        return Diagnosis(
            "trusted dashboards", CheckState.FAULT, *both("trust_file_damaged", fault=trust.fault)
        )
    valid = trust.valid()
    if not valid and not own_broker:
        return Diagnosis("trusted dashboards", CheckState.OK, *both("no_trust_needed"))
    if not valid:
        return Diagnosis("trusted dashboards", CheckState.WARNING, *both("no_trusted_dashboard"))
    names = ", ".join(f"{each.name} ({fingerprint(each.key)[:9]} …)" for each in valid)
    return Diagnosis("trusted dashboards", CheckState.OK, names)
