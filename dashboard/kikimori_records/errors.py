"""Errors of the store, each a sentence with its next step."""

from __future__ import annotations

from kikimori_core.errors import KikimoriError


class StoreError(KikimoriError):
    """The store cannot be used until a person does something."""


class StoreAwayError(StoreError):
    """The database does not answer; it is tried again, nothing has to be done here."""
