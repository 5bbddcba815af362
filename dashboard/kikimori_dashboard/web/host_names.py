"""Names by which browsers may ask for the pages: others are a foreign site's (DNS rebinding)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kikimori_core.wire.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.web.address_settings import AddressSettings


class HostNames:
    """Allow-list of the Host header."""

    def __init__(
        self, settings: AddressSettings, covered: Callable[[str], bool] = lambda _name: False
    ) -> None:
        """`covered`: returns whether the present certificate covers a name or an address."""
        self._covered = covered
        self._written = {*settings.host_names, settings.host.lower(), "localhost", "127.0.0.1", "::1"}
        # Means all addresses, and browsers take it for their own machine's: no name of anybody's.
        self._written -= {"0.0.0.0", "::"}  # noqa: S104  (compared, not bound)
        if settings.public_host is not None:
            self._written.add(settings.public_host)

    def allow(self, host: str) -> bool:
        """Return whether a Host header, with or without a port, names this dashboard."""
        name = name_of(host)
        return name is not None and (name in self._written or self._covered(name))


def name_of(host: str) -> str | None:
    """Return the name or address in a Host header, in lower case; None where it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        return None
    return parts.hostname.rstrip(".") if parts.hostname else None


def is_this_machine(host: str) -> bool:
    """Return whether a Host header names loopback."""
    name = name_of(host)
    return name is not None and is_loopback(name)
