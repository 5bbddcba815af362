"""Speakers of each stream: recording metadata (RFC 7865) as SRCs really write it.

Elements are matched by their local name alone: Oracle uses the namespace of a draft, Ribbon a prefix, others leave
prefixes undeclared. Read are both forms of identifiers (`participant_id` and the draft's `id`), and `send` inside the
participant as well as in `participantstreamassoc`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from xml.parsers import expat

from kikimori.media.sip.text import text_of, words_of

MAX_METADATA_BYTES = 128 * 1024
MAX_PARTICIPANTS = 64
MAX_STREAMS = 64
_MAX_ELEMENTS = 5000
_MAX_DEPTH = 32
_MAX_TEXT = 512
_ROOTS = frozenset({"recording", "recordingmetadata"})
_ENCODING = re.compile(rb"\A\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_NATIVE = frozenset({"utf-16", "utf-16le", "utf-16be"})
"""Encodings that the parser reads by itself."""


class MetadataError(Exception):
    """Not recording metadata. `reason` is a stable word for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Participant:
    id: str
    aor: str = ""
    """`sip:204@pbx.example`, `tel:…`, or without scheme."""
    name: str = ""
    called_first: bool | None = None
    """True = this participant made the call, as Oracle tells; None = not told."""


@dataclass(frozen=True, slots=True)
class RecordingMetadata:
    """Known facts about the recorded call, in the order in which the SRC named them."""

    complete: bool = True
    """False = an update of what was said before."""
    participants: dict[str, Participant] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    """Label of the m-line by stream id."""
    sends: dict[str, frozenset[str]] = field(default_factory=dict)
    """Stream ids by id of the participant who speaks in them."""
    left: frozenset[str] = frozenset()
    """Ids of participants who are not in the call any more."""

    def updated(self, later: RecordingMetadata) -> RecordingMetadata:
        """Return the facts known after `later` came."""
        if later.complete:
            return later
        participants = dict(self.participants)
        for each in later.participants.values():
            known = participants.get(each.id, each)
            participants[each.id] = replace(
                each,
                aor=each.aor or known.aor,
                name=each.name or known.name,
                called_first=known.called_first if each.called_first is None else each.called_first,
            )
        returned = set(later.sends) | set(later.participants)
        return RecordingMetadata(
            complete=True,
            participants=dict(list(participants.items())[-MAX_PARTICIPANTS:]),
            labels=dict(list({**self.labels, **later.labels}.items())[-MAX_STREAMS:]),
            sends={**self.sends, **later.sends},
            left=(self.left - returned) | later.left,
        )

    def speakers(self, label: str) -> tuple[Participant, ...]:
        """Return the participants who speak in the stream with that label, of those who are still there."""
        streams = {stream for stream, known in self.labels.items() if known == label}
        return tuple(each for each in self.present if self.sends.get(each.id, frozenset()) & streams)

    @property
    def present(self) -> tuple[Participant, ...]:
        return tuple(each for each in self.participants.values() if each.id not in self.left)


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str]
    children: list[_Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces).strip()[:_MAX_TEXT]

    def texts(self, name: str) -> list[str]:
        return [each.text for each in self.children if each.name == name and each.text]

    def references(self, name: str) -> list[str]:
        """Return the ids in children of that name: text, an element `id` (BroadWorks), or an attribute."""
        found = []
        for each in self.children:
            if each.name == name:
                inner = [below.text for below in each.children if below.name.lower().endswith("id")]
                found += [id_ for id_ in (each.text, *inner, each.identifier("stream_id")) if id_]
        return found

    def identifier(self, long_name: str) -> str:
        return (self.attributes.get(long_name) or self.attributes.get("id") or "").strip()[:_MAX_TEXT]


def parse_metadata(body: bytes) -> RecordingMetadata:
    """Read a metadata document.

    Raises:
        MetadataError: `metadata_too_long`, `not_xml`, `has_doctype`, `too_deep`, `too_many_elements`, `not_recording`,
            `too_many_participants`, `too_many_streams`.
    """
    root = _tree(body)
    # BroadWorks and Webex Calling write `recording_metadata`.
    if root.name.replace("_", "").replace("-", "").lower() not in _ROOTS:
        raise MetadataError("not_recording")
    participants: dict[str, Participant] = {}
    labels: dict[str, str] = {}
    sends: dict[str, set[str]] = {}
    left: set[str] = set()
    modes = [text for each in root.children if each.name in {"datamode", "dataMode"} and (text := each.text)]
    for each in root.children:
        if each.name == "participant":
            who = _participant(each)
            participants[who.id] = who
            if each.references("send"):
                sends.setdefault(who.id, set()).update(each.references("send"))
            if each.texts("disassociate-time"):
                left.add(who.id)
        elif each.name == "stream":
            for label in [*each.texts("label"), each.attributes.get("label", "").strip()]:
                if label:
                    labels.setdefault(each.identifier("stream_id"), label)
        elif each.name == "participantstreamassoc":
            ended = each.texts("disassociate-time")
            sends.setdefault(each.identifier("participant_id"), set()).update(
                () if ended else each.references("send")
            )
        elif each.name == "participantsessionassoc" and each.texts("disassociate-time"):
            left.add(each.identifier("participant_id"))
    if len(participants) > MAX_PARTICIPANTS:
        raise MetadataError("too_many_participants")
    if len(labels) > MAX_STREAMS:
        raise MetadataError("too_many_streams")
    return RecordingMetadata(
        complete=not modes or modes[0].lower() != "partial",
        participants=participants,
        labels=labels,
        sends={who: frozenset(streams) for who, streams in sends.items()},
        left=frozenset(left),
    )


def _participant(element: _Element) -> Participant:
    aor = name = ""
    called_first: bool | None = None
    for each in _below(element):
        if each.name == "nameID":
            aor = aor or each.attributes.get("aor", "").strip()[:_MAX_TEXT]
        elif each.name == "aor":
            aor = aor or each.text
        elif each.name == "name":
            # OpenSIPS takes it from a header, quotes and all.
            name = name or words_of(each.text.strip('"'))
        elif each.name == "callerOrig":
            called_first = each.text.lower() == "true"
    return Participant(element.identifier("participant_id"), aor, name, called_first)


def _below(element: _Element) -> list[_Element]:
    found = []
    waiting = list(element.children)
    while waiting:
        each = waiting.pop(0)
        found.append(each)
        waiting += each.children
    return found


def _tree(body: bytes) -> _Element:
    if len(body) > MAX_METADATA_BYTES:
        raise MetadataError("metadata_too_long")
    reader = _Reader()
    # Without namespaces: a prefix that nobody declared must not cost the call.
    body, encoding = _readable(body.strip())
    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        # Some SRCs leave an empty line before the declaration, which XML forbids.
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise MetadataError("not_xml") from error
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        raise MetadataError("not_xml") from error
    if reader.root is None:
        raise MetadataError("not_xml")
    return reader.root


def _readable(body: bytes) -> tuple[bytes, str | None]:
    """Return a document in an encoding that the parser knows, which excludes Shift_JIS and EUC-JP."""
    declared = _ENCODING.match(body)
    name = declared[1].decode().lower() if declared else "utf-8"
    if name in _NATIVE or body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body, None
    try:
        text = body.decode("cp932" if name in ("shift_jis", "x-sjis", "shift-jis") else name)
    except LookupError:
        raise MetadataError("not_xml") from None
    except UnicodeDecodeError:
        text = text_of(body)
    return text.encode("utf-8", errors="replace"), "UTF-8"


class _Reader:
    def __init__(self) -> None:
        self.root: _Element | None = None
        self._open: list[_Element] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MAX_ELEMENTS:
            raise MetadataError("too_many_elements")
        if len(self._open) >= _MAX_DEPTH:
            raise MetadataError("too_deep")
        element = _Element(
            name.rpartition(":")[2], {key.rpartition(":")[2]: value for key, value in attributes.items()}
        )
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, name: str) -> None:
        del name
        self._open.pop()

    def text(self, data: str) -> None:
        self._open[-1].pieces.append(data)

    @staticmethod
    def doctype(name: str, system: str | None, public: str | None, internal: int) -> None:
        # Entities are how a small document becomes a huge one; no SRC declares any.
        del name, system, public, internal
        raise MetadataError("has_doctype")
