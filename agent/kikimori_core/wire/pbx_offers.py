"""Announcements of a PBX, and keys for a person who does what it cannot."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kikimori_core.wire.evidence import Name, Part, Text


class Announcement(Part):
    """Something the PBX can play to the customer."""

    name: Name
    title: Annotated[str, Field(max_length=128)]
    """Label of the supervisor's button."""


class KeysToPress(Part):
    """Keys of a telephone by which a person does an action: for a PBX without an interface."""

    action: Name
    text: Text
    """`{target}` in it stands for the number of the superior."""
