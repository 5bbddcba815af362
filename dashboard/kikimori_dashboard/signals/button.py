"""Payloads of buttons: whether one tells a press, or is our own probe. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MOST_BYTES = 16 * 1024
KEYS = ("action", "event")
"""Keys whose values are kinds of presses: of Zigbee2MQTT and Shelly."""
DEEPEST = 6


def is_press(payload: bytes, presses: Collection[str]) -> bool:
    """Return whether a payload tells a press: one of the words alone, or as `action` or `event` anywhere in a JSON object."""
    if len(payload) > MOST_BYTES:
        return False
    try:
        said = payload.decode().strip()
    except UnicodeDecodeError:
        return False
    if said in presses:
        return True
    if not said.startswith("{"):
        return False
    try:
        content = json.loads(said)
    except (ValueError, RecursionError):
        return False
    return any(each in presses for each in _kinds(content, DEEPEST))


def _kinds(content: Any, deepest: int) -> Iterator[str]:
    if deepest == 0:
        return
    if isinstance(content, dict):
        for key, value in content.items():
            if key in KEYS and isinstance(value, str):
                yield value
            yield from _kinds(value, deepest - 1)
    elif isinstance(content, list):
        for each in content:
            yield from _kinds(each, deepest - 1)


def probe(nonce: str) -> bytes:
    """Return a payload by which we find out whether we may write on a button's topic, which only its user should."""
    return json.dumps({"kikimori_probe": nonce}).encode()
