"""Version of Asterisk, from its own text, and the features that it lacks."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,3})(?![\d])")
OLDEST = 18
"""Oldest version with everything that listening by ARI and control use."""
_FIRST_WITH_WEBSOCKET = {20: 16, 21: 11, 22: 6}
"""Minor version by major; 23 began with it."""
_FIRST_THAT_FORGETS = {20: 14, 21: 9, 22: 4}
"""Minor version by major; 23 began with it."""


def number_of(said: str) -> tuple[int, int] | None:
    """Read `18.26.4`, `certified-20.7-cert5`, `22.10.1+dfsg`; None for a build of no release (`GIT-master-…`)."""
    found = _NUMBER.search(said)
    return (int(found[1]), int(found[2])) if found else None


def apps_outlive_connections(said: str) -> bool:
    """Return whether a Stasis application that follows channels stays listed after its connection has ended.

    Since these releases only `stasis_app_unregister` drops its subscriptions; read in the releases, seen on 18.26.4.
    """
    number = number_of(said)
    if number is None:
        return False
    major, minor = number
    return major < min(_FIRST_THAT_FORGETS) or minor < _FIRST_THAT_FORGETS.get(major, 0)


def too_old(said: str) -> bool:
    number = number_of(said)
    return number is not None and number[0] < OLDEST


def lacks_websocket_channels(said: str) -> bool:
    """Return whether this release has no `chan_websocket`."""
    number = number_of(said)
    if number is None:
        return False
    major, minor = number
    return major < min(_FIRST_WITH_WEBSOCKET) or minor < _FIRST_WITH_WEBSOCKET.get(major, 0)
