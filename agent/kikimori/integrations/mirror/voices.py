"""Voice of one side of a dialog: its codecs, and its session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from kikimori.integrations.mirror.conversation import MirroredVoice
from kikimori.media.rtp.receiver import RtpSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.integrations.mirror.dialog import Dialog
    from kikimori.media.rtp.formats import Format
    from kikimori_core.model.call import Role
    from kikimori_core.model.feed import LegFeed

log = structlog.get_logger()


def make_voice(
    dialog: Dialog, by: int, role: Role, feed: LegFeed, *, rate: int, clock: Callable[[], float], call_id: str
) -> MirroredVoice:
    """Make the voice of side `by`; `rate` is the feed's."""
    bound = log.bind(call_id=call_id, role=str(role))
    session = RtpSession(
        feed, formats_of(dialog, by), clock=clock, log=bound, rate=rate, names=names_of(dialog, by)
    )
    return MirroredVoice(dialog, by, role, feed, session, rate)


def formats_of(dialog: Dialog, by: int) -> dict[int, Format]:
    """Return the formats that side `by` may send and this program can read."""
    own, other = dialog.audio[by], dialog.audio[1 - by]
    # A payload type means what its receiver said.
    return {**(own.formats if own else {}), **(other.formats if other else {})}


def names_of(dialog: Dialog, by: int) -> dict[int, str]:
    """Return the codecs of all that side `by` may send."""
    own, other = dialog.audio[by], dialog.audio[1 - by]
    return {**(own.names if own else {}), **(other.names if other else {})}
