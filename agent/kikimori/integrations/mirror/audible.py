"""Audibility of a call: the codecs that its dialogs agreed on, and the content of their packets. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori.media.rtp.formats import leg_rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori.integrations.mirror.conversation import MirroredCall, MirroredVoice
    from kikimori.integrations.mirror.descriptions import Audio
    from kikimori.integrations.mirror.dialog import Dialog
    from kikimori.media.rtp.gate import Unreadable

WAITING = "codec_not_seen"
"""The codec that was agreed on first cannot be read, but another one can: the packets decide."""

_PLAIN_AGAIN = frozenset({"GoClear", "ClearACK"})


@dataclass(slots=True)
class Audibility:
    """Findings from the packets of one dialog, since its last answer."""

    answer: Audio | None
    why: str = ""
    """`encrypted`, `unreadable_codec`; empty while nothing speaks against it."""
    codec: str = ""
    proved: bool = False
    """True once sound was found."""
    keyed: bool = False
    """True once both ends speak ZRTP."""


def audibility(call: MirroredCall, dialog: Dialog) -> Audibility:
    """Return the findings about a dialog; empty ones after a new agreement."""
    known = call.audibility.get(dialog)
    if known is None or known.answer != dialog.answer:
        known = call.audibility[dialog] = Audibility(dialog.answer)
    return known


def why_not(call: MirroredCall, dialog: Dialog) -> str | None:
    """Return the reason for which a dialog is not heard, a stable word; None when it is."""
    answer = dialog.answer
    if answer is None:
        return "no_audio_agreed"
    if answer.encrypted:
        return "encrypted"
    if leg_rate(answer.formats) is None:
        return "unreadable_codec"
    known = audibility(call, dialog)
    if known.why:
        return known.why
    return WAITING if answer.may_be_unreadable and not known.proved else None


def codec_of(call: MirroredCall, dialog: Dialog) -> str:
    """Return the name of the codec that is in use, or agreed on first."""
    used = audibility(call, dialog).codec
    return used or (dialog.answer.preferred if dialog.answer is not None else "")


def worth_probing(dialog: Dialog) -> bool:
    """Return whether further packets can still show that the call is readable."""
    answer = dialog.answer
    return answer is not None and not answer.encrypted and leg_rate(answer.formats) is not None


def judge(call: MirroredCall) -> bool:
    """Evaluate the packets that came; True when the call must be reviewed."""
    changed = False
    if call.active is not None and call.voices:
        known = audibility(call, call.active)
        found = _unreadable(call.voices)
        call.partly = next((each.reason for each in map(_why, call.voices) if each is not None), "")
        if _keyed(call.voices):
            known.why, known.keyed, changed = "encrypted", True, True
        elif found is not None:
            known.why, known.codec, changed = found.reason, found.codec, True
    if call.probes:
        dialog = call.probes[0].dialog
        known = audibility(call, dialog)
        found = _unreadable(call.probes)
        cleared = any(_PLAIN_AGAIN & each.session.gate.zrtp for each in call.probes)
        if _keyed(call.probes) and not cleared:
            changed |= known.why != "encrypted"
            known.why, known.keyed = "encrypted", True
        elif found is not None:
            changed |= (known.why, known.codec) != (found.reason, found.codec)
            known.why, known.codec = found.reason, found.codec
        elif (not known.keyed or cleared) and any(each.session.gate.sounded for each in call.probes):
            known.why, known.codec, known.proved, known.keyed = "", "", True, False
            changed = True
    return changed


def _why(voice: MirroredVoice) -> Unreadable | None:
    return voice.session.gate.unreadable


def _unreadable(voices: Sequence[MirroredVoice]) -> Unreadable | None:
    """Return the reason when none of the sending voices can be heard; None when one can, or nothing came."""
    found = [_why(each) for each in voices if each.session.gate.sounded or _why(each) is not None]
    return found[0] if found and all(each is not None for each in found) else None


def _keyed(voices: Sequence[MirroredVoice]) -> bool:
    """Return whether both ends speak ZRTP: each does, or one of them negotiates (RFC 6189, 4)."""
    gates = [each.session.gate for each in voices]
    return any(each.zrtp_agreed for each in gates) or (len(gates) > 1 and all(each.zrtp for each in gates))
