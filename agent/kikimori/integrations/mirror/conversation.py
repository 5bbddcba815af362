"""State of one conversation: its dialogs, and the voices that are heard of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori.integrations.mirror.audible import Audibility
    from kikimori.integrations.mirror.dialog import Dialog
    from kikimori.integrations.mirror.packets import End
    from kikimori.media.rtp.receiver import RtpSession
    from kikimori.taps.sides import Sides
    from kikimori_core.model.call import Role
    from kikimori_core.model.feed import LegFeed


@dataclass(eq=False, slots=True)
class MirroredVoice:
    """One party that is heard."""

    dialog: Dialog
    by: int
    role: Role
    feed: LegFeed
    session: RtpSession
    rate: int
    ends: tuple[End | None, End | None] = (None, None)
    """Source and target of its packets, as routed."""


@dataclass(eq=False, slots=True)
class MirroredCall:
    """Dialogs of one conversation, the first one first."""

    call_id: str
    dialogs: list[Dialog]
    opened_at: float | None = None
    voices: list[MirroredVoice] = field(default_factory=list)
    active: Dialog | None = None
    sides: Sides | None = None
    uncertain: bool = False
    """True = one of its dialogs may belong to another call, so that the customer stays unknown."""
    audibility: dict[Dialog, Audibility] = field(default_factory=dict)
    probes: list[MirroredVoice] = field(default_factory=list)
    """Voices that nobody hears: it is only looked whether they can be."""
    probed_at: float = 0.0
    sounded: bool = False
    """Something of it was heard."""
    partly: str = ""
    """Reason for which one of its voices is not heard."""
    codec: str = ""
    """Codec in use, where it cannot be read."""
    told: str = ""
    """Reason for which it is not heard, as logged last."""
