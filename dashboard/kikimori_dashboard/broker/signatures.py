"""Signatures between this dashboard and the agents: its own, and the check of those in the agents' names.

Agents of the version before sign nothing. For one release they are read all the same, and the page says so; an agent
whose key is trusted is read only where it signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from kikimori_core.wire.envelope import envelope_of, sealed
from kikimori_core.wire.key_store import Identity, KeyTrust
from kikimori_core.wire.key_watch import follow_trust
from kikimori_core.wire.keys import fingerprint
from kikimori_core.wire.messages import BadMessageError
from kikimori_core.wire.topics import TopicKind
from kikimori_dashboard.broker.directory_outlet import DirectoryOutlet
from kikimori_dashboard.site.agent_link import run_of
from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.delivery import Acks
    from kikimori_core.wire.key_store import TrustStore
    from kikimori_core.wire.topics import ParsedTopic
    from kikimori_dashboard.site.state import SiteState

log = structlog.get_logger()

SIGNED = (TopicKind.HEALTH, TopicKind.INVENTORY, TopicKind.ALERT, TopicKind.REPLY)
MOST_AGENTS = 1000


class Signatures:
    """Keys of one dashboard at work."""

    def __init__(self, site: str, identity: Identity, state: SiteState) -> None:
        self._site = site
        self._acks_said = 0
        self.directory = DirectoryOutlet(site, identity)
        self._identity = identity
        self._state = state
        self._signing: set[str] = set()
        """Agents whose last health was signed: they take signed commands, and no others."""
        self._shown: dict[str, dict[str, str]] = {}
        if identity.fault:
            log.warning("key_not_kept", reason=identity.fault)

    @property
    def trust(self) -> TrustStore:
        """Return the keys that are trusted."""
        return self._identity.trust

    def sealed_for(self, agent_id: str, message: bytes) -> bytes:
        """Return a message for an agent: signed, or as it is for one of the version before."""
        return sealed(message, self._identity.key) if agent_id in self._signing else message

    def acks_for(self, agent_id: str, acks: Acks) -> bytes:
        """Return acknowledgements with their addressee, numbered and signed."""
        self._acks_said += 1
        update = {
            "site": self._site,
            "agent_id": agent_id,
            "agent_run": run_of(self._state.agents, agent_id),
            "seq": self._acks_said,
        }
        return self.sealed_for(agent_id, acks.model_copy(update=update).to_bytes())

    def signs(self, agent_id: str) -> bool:
        """Return whether an agent signs its messages, as far as is known."""
        return agent_id in self._signing or bool(self._identity.trust.valid(agent_id))

    def content(self, parsed: ParsedTopic, payload: bytes, *, former: bool = False) -> bytes:
        """Return the content of an agent's message, without its envelope.

        Raises:
            BadMessageError: the agent's key is trusted, and it did not sign this.
        """
        # By the tree before it is not always said who speaks; then the name is "".
        kind, agent_id = parsed.kind, parsed.agent_id
        if kind not in SIGNED:
            return payload
        envelope = None if former else envelope_of(payload)
        trusted = bool(agent_id) and bool(self._identity.trust.valid(agent_id))
        if envelope is None:
            if trusted:
                self._show(agent_id, "refused")
                raise BadMessageError("unsigned, in the name of an agent that signs")
            if kind is TopicKind.HEALTH:
                self._signing.discard(agent_id)
                self._show(agent_id, "unsigned")
            return payload
        standing = self._identity.trust.standing(envelope.key, agent_id)
        if standing is KeyTrust.TRUSTED and envelope.is_genuine():
            self._note_signing(kind, agent_id)
            if kind is TopicKind.HEALTH:
                self._show(agent_id, "")
            return envelope.content
        if trusted or standing is KeyTrust.REVOKED or not envelope.is_genuine():
            self._show(agent_id, "refused", envelope.key)
            raise BadMessageError("not signed by the agent in whose name it is")
        self._note_signing(kind, agent_id)
        self._show(agent_id, "unknown_key", envelope.key)
        return envelope.content

    def _note_signing(self, kind: TopicKind, agent_id: str) -> None:
        if kind is TopicKind.HEALTH and len(self._signing) < MOST_AGENTS:
            self._signing.add(agent_id)

    def _show(self, agent_id: str, standing: str, key: str = "") -> None:
        """Keep the page's note about an agent's signature; "" = all is well."""
        if not standing:
            if self._shown.pop(agent_id, None) is None:
                return
        else:
            shown = {"standing": standing, "key": key, "fingerprint": fingerprint(key) if key else ""}
            if self._shown.get(agent_id) == shown or (
                agent_id not in self._shown and len(self._shown) >= MOST_AGENTS
            ):
                return
            self._shown[agent_id] = shown
            log.warning("agent_signature", agent_id=agent_id, standing=standing)
        self._state.signatures = dict(self._shown)
        self._state.changes.touch(PicturePart.SITE)

    async def follow(self, changed: Callable[[], None]) -> None:
        """Take over changes by `kikimori keys`, until cancelled."""

        def look_again() -> None:
            for agent_id, shown in list(self._shown.items()):
                if self._identity.trust.standing(shown["key"], agent_id) is KeyTrust.TRUSTED:
                    self._show(agent_id, "")
            changed()

        await follow_trust(self._identity.trust, look_again)
