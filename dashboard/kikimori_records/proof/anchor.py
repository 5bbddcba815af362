"""Interface of a place outside of this machine that keeps heads of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_records.proof.queries import KeptAnchor
    from kikimori_records.proof.trees import ClosedTree


class AnchorError(Exception):
    """A place did not take a head. `cause` is a stable code; it never holds an address or an answer's words."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Anchor(Protocol):
    """A place that keeps heads. One that has the head of a tree vouches for all trees before it."""

    kind: str
    """`file`, `post`, `mail` or `timestamp`."""
    target: str
    """Name of the place among those of its kind, for people and for the store."""

    async def keep(self, trees: Sequence[ClosedTree]) -> list[KeptAnchor]:
        """Give it the heads of trees that it has not, in their order, and return those that it has now.

        Raises:
            AnchorError: it has none of them, or perhaps some; it is tried again with all of them.
        """
        ...
