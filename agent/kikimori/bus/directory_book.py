"""The office's directory as dashboards publish it: checked, kept on the disk, never exchanged for an older one.

The file `directory-{agent_id}.json` holds the signed message as it came, and is checked like any other at the next start: who
may write the agent's disk cannot add a telephone, and a key that was revoked takes its directory with it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from kikimori_core.wire.directory import Directory
from kikimori_core.wire.envelope import envelope_of
from kikimori_core.wire.key_store import KeyTrust, TrustStore
from kikimori_core.wire.messages import BadMessageError, Party
from kikimori_core.wire.private_file import write_private
from kikimori_core.wire.topics import TopicKind, Topics

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log = structlog.get_logger()

RETRY_S = 30.0
"""Seconds after which writing is tried again."""
NAMED_BY = "directory"
"""`Party.named_by` of names that the PBX did not tell."""


class DirectoryBook:
    """The newest directory of a site. Without `open` it holds none and takes none."""

    def __init__(
        self, site: str, path: Path | None = None, now: Callable[[], datetime] | None = None
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        """Called after every change."""
        self.current: Directory | None = None
        self.telephones: frozenset[str] = frozenset()
        """Telephones of supervisors and superiors."""
        self.refused = 0
        """Number of messages that did not count."""
        self._site = site
        self._topics = Topics(site)
        self._path = path
        self._now = now or (lambda: datetime.now(UTC))
        self._trust = TrustStore()
        self._payload = b""
        self._kept = b""
        """Content of the file on the disk."""
        self._names: dict[str, str] = {}
        self._came = asyncio.Event()

    async def open(self, trust: TrustStore) -> None:
        """Begin with these trusted keys, and with what is on the disk as far as they signed it."""
        self._trust = trust
        if self._path is None:
            return
        try:
            payload = await asyncio.to_thread(self._path.read_bytes)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                log.warning("directory_unreadable", reason=error.strerror)
            return
        self._kept = payload
        try:
            directory = self._checked(payload)
        except BadMessageError as error:
            # Programs of one process have new keys at each start: what an earlier one signed is told anew.
            log.info("kept_directory_not_used", reason=str(error))
            return
        if directory is not None:
            self._put(directory, payload)

    def heard(self, topic: str, payload: bytes) -> bool:
        """Take a message from the broker; False when its topic is not the directory's."""
        parsed = self._topics.parse(topic)
        if parsed is None or parsed.kind is not TopicKind.DIRECTORY:
            return False
        self.take(payload)
        return True

    def take(self, payload: bytes) -> bool:
        """Take a directory; False when it does not count. Never raises for what the payload holds."""
        if not payload:
            return False  # the retained message was cleared: what is known stays
        try:
            directory = self._checked(payload)
        except BadMessageError as error:
            self.refused += 1
            if self.refused & (self.refused - 1) == 0:
                log.warning("directory_refused", count=self.refused, reason=str(error))
            return False
        if directory is None:
            return False
        self._put(directory, payload)
        return True

    def _checked(self, payload: bytes) -> Directory | None:
        """Return a directory that counts; None for the one that is known already."""
        envelope = envelope_of(payload)
        if envelope is None:
            raise BadMessageError("Directory: unsigned")
        match self._trust.standing(envelope.key):
            case KeyTrust.TRUSTED if envelope.is_genuine():
                pass
            case KeyTrust.TRUSTED:
                raise BadMessageError("Directory: bad_signature")
            case standing:
                raise BadMessageError(f"Directory: {standing.value}_key")
        directory = Directory.from_bytes(envelope.content)
        if directory.site != self._site:
            raise BadMessageError("Directory: wrong_site")
        if self.current is not None and directory.number <= self.current.number:
            if directory == self.current:
                return None
            raise BadMessageError("Directory: older")
        return directory

    def recheck(self) -> None:
        """Drop the directory when its key is trusted no longer."""
        if self.current is None:
            return
        envelope = envelope_of(self._payload)
        if envelope is None or self._trust.standing(envelope.key) is not KeyTrust.TRUSTED:
            log.warning("directory_dropped", reason="revoked_key")
            self._put(None, b"")

    def _put(self, directory: Directory | None, payload: bytes) -> None:
        self.current, self._payload = directory, payload
        self._names = {each.extension: each.name for each in directory.operators} if directory else {}
        superiors = [each.number for each in directory.superiors] if directory else []
        self.telephones = frozenset([*superiors, *(directory.telephones if directory else ())])
        self._came.set()
        self.changed()

    async def run(self) -> None:
        """Write every change to the disk, until cancelled."""
        while True:
            await self._came.wait()
            self._came.clear()
            if self._path is None or self._payload == self._kept:
                continue
            payload = self._payload
            try:
                await asyncio.to_thread(write_private, self._path, payload.decode())
            except OSError as error:
                log.error("directory_not_kept", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)
                self._came.set()
            else:
                self._kept = payload

    # --- what is asked

    def named(self, party: Party) -> Party:
        """Return an operator with the name of the person on the extension, where the PBX tells none."""
        if party.name or not party.number or party.number not in self._names:
            return party
        return party.model_copy(update={"name": self._names[party.number], "named_by": NAMED_BY})

    def superiors_open(self) -> tuple[Party, ...] | None:
        """Return the superiors within opening hours, in their order; None where the directory names no superior at all."""
        if self.current is None or not self.current.superiors:
            return None
        return tuple(
            Party(number=each.number, name=each.name) for each in self.current.superiors_at(self._now())
        )

    def superior(self) -> Party | None:
        """Return the superior to ask now; outside all opening hours the first one. None without any."""
        if self.current is None or not self.current.superiors:
            return None
        found = self.current.superior_at(self._now()) or self.current.superiors[0]
        return Party(number=found.number, name=found.name)
