"""Proof that recorded calls were not changed: a tree of hashes for each day, anchored outside of this machine."""
