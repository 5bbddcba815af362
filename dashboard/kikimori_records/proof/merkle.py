"""Tree of hashes over the calls of a day, in the shape of RFC 6962. Pure; the verifier's functions are used here too."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from kikimori_records.proof.verify_alone import node_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

EMPTY = hashlib.sha256().digest()
"""Root of a tree without leaves: of a day without calls."""


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaves, which are hashes already."""
    if not leaves:
        return EMPTY
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path_to(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes beside the way from a leaf to the root, from below. Raises IndexError."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    path, level, at = [], list(leaves), index
    while len(level) > 1:
        beside = at ^ 1
        if beside < len(level):
            path.append(level[beside])
        level, at = _above(level), at // 2
    return path


def _above(level: list[bytes]) -> list[bytes]:
    """Return the level above: pairs become nodes, a last one without a partner goes up as it is."""
    above = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    if len(level) % 2:
        above.append(level[-1])
    return above
