"""Trees of hashes: the shape of RFC 6962, and paths that lead from one leaf to one root alone."""

from __future__ import annotations

import hashlib

import pytest

from kikimori_records.proof.merkle import EMPTY, path_to, root_of
from kikimori_records.proof.verify_alone import leaf_hash, node_hash, root_along


def leaves_of(count: int) -> list[bytes]:
    return [leaf_hash(bytes([number]) * 32, bytes(32)) for number in range(count)]


def root_by_definition(leaves: list[bytes]) -> bytes:
    """Return the root as RFC 6962, 2.1 defines it: split at the largest power of two below the count."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(root_by_definition(leaves[:split]), root_by_definition(leaves[split:]))


def test_a_leaf_and_a_node_begin_with_different_bytes() -> None:
    salt, manifest = b"s" * 32, b"m" * 32
    assert leaf_hash(salt, manifest) == hashlib.sha256(b"\0" + salt + manifest).digest()
    assert node_hash(salt, manifest) == hashlib.sha256(b"\1" + salt + manifest).digest()


def test_a_day_without_calls_has_the_root_of_an_empty_tree() -> None:
    assert root_of([]) == EMPTY == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("count", [*range(1, 18), 31, 32, 33])
def test_every_path_leads_to_the_root_of_the_definition_from_its_own_place_alone(count: int) -> None:
    leaves = leaves_of(count)
    root = root_of(leaves)
    assert root == root_by_definition(leaves)
    for index, leaf in enumerate(leaves):
        path = path_to(leaves, index)
        assert root_along(leaf, index, count, path) == root
        assert root_along(leaf, index, count, [*path, bytes(32)]) is None
        assert all(root_along(leaf, other, count, path) != root for other in range(count) if other != index)
        assert not path or root_along(leaf, index, count, path[:-1]) != root


def test_a_place_outside_of_the_tree_has_no_path() -> None:
    leaves = leaves_of(3)
    for index in (-1, 3):
        assert root_along(leaves[0], index, 3, []) is None
        with pytest.raises(IndexError):
            path_to(leaves, index)
