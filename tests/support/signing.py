"""Keys that agents and dashboards of tests know each other by, and what they sign with them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from tests.support import sample

from kikimori_core.wire.envelope import sealed
from kikimori_core.wire.key_store import Identity, OwnKeys, TrustStore, given_key, own_path, trusted_path
from kikimori_core.wire.keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kikimori_core.wire.messages import Command

DASHBOARD = SigningKey(b"d" * 32)
AGENT = SigningKey(b"a" * 32)
STRANGER = SigningKey(b"s" * 32)
RUN = "0"
"""Name of the run of a bus that was given none."""

AGENT_NAMES = ("agent-1", "agent-2", "agent", "front", "other", "demo")

_numbers = itertools.count(1)


def trusting_dashboard() -> TrustStore:
    """Return what an agent trusts: the dashboard of the tests."""
    return TrustStore(given=[given_key("dashboard", DASHBOARD)])


def identity(trust: TrustStore | None = None, key: SigningKey | None = None) -> Identity:
    """Return an agent's, which trusts the dashboard of the tests unless told otherwise."""
    return Identity(key or AGENT, trusting_dashboard() if trust is None else trust)


def dashboard_identity(agents: Iterable[str] = AGENT_NAMES) -> Identity:
    """Return a dashboard that trusts the agents of the tests."""
    return Identity(DASHBOARD, TrustStore(given=[given_key(name, AGENT) for name in agents]))


def introduce(state: Path, agent_id: str) -> None:
    """Have an agent's state folder hold the agent's key of the tests, and trust the dashboard of the tests."""
    OwnKeys(AGENT).write(own_path(state, f"agent-{agent_id}"))
    TrustStore(trusted_path(state, f"agent-{agent_id}")).trust("dashboard", DASHBOARD.public)


def addressed(command: Command, **fields: Any) -> Command:
    """Return a command that says for whom it is; a new nonce each time."""
    to = {
        "site": sample.SITE,
        "agent_id": sample.AGENT,
        "run": RUN,
        "role": "supervisor",
        "nonce": f"nonce-{next(_numbers)}",
    }
    return command.model_copy(update=to | fields)


def signed(command: Command, key: SigningKey = DASHBOARD, **fields: Any) -> bytes:
    """Return a command's payload as a dashboard sends it."""
    return sealed(addressed(command, **fields).to_bytes(), key)
