"""The directory on its way to the agents: published at each connection to the broker, and after each change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori_core.wire.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.connection import Client
    from kikimori_core.wire.directory import Directory
    from kikimori_core.wire.key_store import Identity

CONFIRM_WITHIN_S = 60.0
LOOK_EVERY_S = 0.5


class DirectoryOutlet:
    """Holds the newest directory, signed."""

    def __init__(self, site: str, identity: Identity) -> None:
        self._topics = Topics(site)
        self._identity = identity
        self._payload = b""

    def show(self, directory: Directory) -> None:
        """Have a directory published as soon as there is a connection."""
        self._payload = self._identity.sealed(directory.to_bytes())

    async def run(self, client: Client, branch: str, ready: Callable[[], bool]) -> None:
        """Publish on one connection, until cancelled.

        Args:
            client: The connection.
            branch: Name of the dashboard's own topics.
            ready: Returns whether the connection carries messages already.
        """
        topic = self._topics.directory(branch)
        told = b""
        while True:
            payload = self._payload
            if payload != told and ready():
                await client.publish(topic, payload, qos=1, retain=True, timeout=CONFIRM_WITHIN_S)
                told = payload
            await asyncio.sleep(LOOK_EVERY_S)
