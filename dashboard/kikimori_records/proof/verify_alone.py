"""Verifier of one exported call. It needs Python 3.9 or later, and nothing else: neither Kikimori nor a network.

    python3 verify.py [FOLDER] [--head HEX] [--language ja|en]

FOLDER (default: the folder of this file) was written by `kikimori records proof`. The steps:

1. Each file, and what was said and done (`rows-….json`), has the SHA-256 that stands in `manifest.json`; no other file is there.
2. The leaf of the call: SHA-256 of byte 0, the salt (32 bytes) and the SHA-256 of `manifest.json`.
3. From the leaf along the path to the root of the day's tree, as in RFC 6962: a node is the SHA-256 of byte 1, left, right.
4. From the root to the head of the chain: the SHA-256 of byte 2, the head before, and `{"count":…,"day":…,"format":1,
   "number":…,"part":…,"root":…}` as JSON without spaces. Each later tree continues the chain, so a later head confirms all
   before it.
5. A head that was kept elsewhere (printed, mailed, on a second machine, in a time stamp) has to be one of the chain: give it
   with `--head`. Without such a comparison the files agree with each other, and nobody has vouched for them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

FORMAT = 1
PROOF = "proof.json"
MANIFEST = "manifest.json"
VERIFIER = "verify.py"
START = bytes(32)
"""Head before the first tree."""

TEXTS = {
    "file_good": ("{name}: 変更なし", "{name}: unchanged"),
    "file_altered": ("{name}: 変更されています", "{name}: altered"),
    "file_missing": ("{name}: ありません", "{name}: missing"),
    "file_left_out": ("{name}: 保存期間後に削除済み", "{name}: removed for its age, not part of this export"),
    "file_added": ("{name}: 証明にないファイルです", "{name}: not part of the proof"),
    "unreadable": ("{name}: 読めません({reason})", "{name}: cannot be read ({reason})"),
    "leaf_wrong": (
        "manifest.json: 証明の葉と一致しません",
        "manifest.json: it is not what the leaf was made from",
    ),
    "leaf_good": ("manifest.json: 証明の葉と一致", "manifest.json: the leaf was made from it"),
    "root_wrong": (
        "{day}: この通話はその日の木に含まれていません",
        "{day}: the call is not in the tree of that day",
    ),
    "root_good": (
        "{day}: その日の木に含まれています({count}通話)",
        "{day}: the call is in the tree of that day ({count} calls)",
    ),
    "chain_wrong": ("証明の鎖が{day}で途切れています", "the chain of heads is broken at {day}"),
    "head": ("先頭値 {number} ({day}): {head}", "head {number} ({day}): {head}"),
    "head_found": (
        "与えられた先頭値は鎖にあり、{day}までを裏付けます",
        "the head that was given is in the chain, and confirms everything up to {day}",
    ),
    "head_not_found": (
        "与えられた先頭値は、この通話の日以後の鎖にありません: {head}",
        "the head that was given is not in the chain from this call's day on: {head}",
    ),
    "stamp": (
        "{name}: 先頭値 {number} のタイムスタンプです。署名の検証:\n  {command}",
        "{name}: a time stamp of head {number}. To verify its signature:\n  {command}",
    ),
    "stamp_wrong": (
        "{name}: 先頭値 {number} のタイムスタンプではありません",
        "{name}: not a time stamp of head {number}",
    ),
    "told": ("先頭値 {number} の控え: {kind} {target} {at}", "head {number} was sent: {kind} {target} {at}"),
    "whole": (
        "ファイルと証明は一致しています。外部に残した先頭値と比べてください(--head)。",
        "The files agree with the proof. Compare a head that was kept elsewhere (--head).",
    ),
    "proved": (
        "ファイルは証明されました: 外部に残した先頭値と一致します。",
        "The files are proved: they agree with the head that was kept elsewhere.",
    ),
    "broken": ("証明は成り立ちません。", "The proof does not hold."),
}
"""Sentences by code: Japanese, English."""


def leaf_hash(salt: bytes, manifest_hash: bytes) -> bytes:
    """Return the leaf of a call; `salt` and `manifest_hash`: 32 bytes each."""
    return hashlib.sha256(b"\x00" + salt + manifest_hash).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node of the tree."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_along(leaf: bytes, index: int, count: int, path: list[bytes]) -> bytes | None:
    """Return the root to which a path leads from a leaf; None where the path has not the length that the place needs.

    `index`: place of the leaf from 0; `count`: leaves of the tree.
    """
    if not 0 <= index < count:
        return None
    at, last, found = index, count - 1, leaf
    for each in path:
        if last == 0:
            return None
        if at % 2 == 1 or at == last:
            found = node_hash(each, found)
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            found = node_hash(found, each)
        at, last = at // 2, last // 2
    return found if last == 0 else None


def head_hash(previous: bytes, number: int, day: str, part: int, count: int, root: bytes) -> bytes:
    """Return the head of the chain after a tree. `part`: 0 = the tree of the day, from 1 on supplements of late calls."""
    tree = {
        "count": count,
        "day": day,
        "format": FORMAT,
        "number": number,
        "part": part,
        "root": root.hex(),
    }
    content = json.dumps(tree, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(b"\x02" + previous + content.encode("ascii")).digest()


def file_hash(path: Path) -> bytes:
    """Return the SHA-256 of a file; raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()


class Verification:
    """Verification of one folder; `lines` are what is said of it."""

    def __init__(self, folder: Path, language: str, heads: list[str]) -> None:
        self.folder = folder
        self.whole = True
        self.proved = False
        self.lines: list[str] = []
        self._column = 0 if language == "ja" else 1
        self._given = {each.strip().replace(" ", "").lower() for each in heads}

    def run(self) -> bool:
        """Verify; False where something does not hold."""
        try:
            proof = json.loads((self.folder / PROOF).read_text(encoding="utf-8"))
            manifest = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
            self._files(proof, manifest)
            self._tree(proof)
            heads = self._chain(proof)
            self._stamps(proof, heads)
        except (OSError, UnicodeDecodeError) as error:
            self._wrong("unreadable", name=getattr(error, "filename", None) or PROOF, reason=error)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            self._wrong("unreadable", name=PROOF, reason=f"{type(error).__name__}: {error}")
        self._say("broken" if not self.whole else "proved" if self.proved else "whole")
        return self.whole

    def _files(self, proof: dict[str, Any], manifest: dict[str, Any]) -> None:
        left_out = set(proof.get("left_out", []))
        rows = {rows_file(name): each for name, each in manifest.get("rows", {}).items()}
        files = {**manifest["files"], **rows}
        for name, expected in sorted(files.items()):
            path = self.folder / name
            if name in left_out and not path.exists():
                self._say("file_left_out", name=name)
            elif Path(name).name != name or path.is_symlink() or not path.is_file():
                self._wrong("file_missing", name=name)
            elif file_hash(path).hex() != expected["sha256"]:
                self._wrong("file_altered", name=name)
            else:
                self._say("file_good", name=name)
        ours = {PROOF, MANIFEST, VERIFIER, *files, *(each["file"] for each in proof.get("stamps", []))}
        for extra in sorted(each.name for each in self.folder.iterdir() if each.name not in ours):
            self._wrong("file_added", name=extra)

    def _tree(self, proof: dict[str, Any]) -> None:
        leaf = leaf_hash(bytes.fromhex(proof["salt"]), file_hash(self.folder / MANIFEST))
        good = leaf.hex() == proof["leaf"]
        self._check("leaf_good" if good else "leaf_wrong", good=good)
        tree = proof["chain"][0]
        path = [bytes.fromhex(each) for each in proof["path"]]
        root = root_along(leaf, int(proof["index"]), int(tree["count"]), path)
        good = root is not None and root.hex() == tree["root"]
        self._check("root_good" if good else "root_wrong", good=good, day=tree["day"], count=tree["count"])

    def _chain(self, proof: dict[str, Any]) -> dict[int, str]:
        """Return the heads by number, as computed."""
        previous = bytes.fromhex(proof["previous_head"])
        heads: dict[int, str] = {}
        days: dict[str, str] = {}
        number = int(proof["chain"][0]["number"])
        for tree in proof["chain"]:
            previous = head_hash(
                previous,
                int(tree["number"]),
                str(tree["day"]),
                int(tree["part"]),
                int(tree["count"]),
                bytes.fromhex(tree["root"]),
            )
            if previous.hex() != tree["head"] or int(tree["number"]) != number + len(heads):
                self._wrong("chain_wrong", day=tree["day"])
                return heads
            heads[int(tree["number"])] = previous.hex()
            days[previous.hex()] = str(tree["day"])
            self._say("head", number=tree["number"], day=tree["day"], head=spaced(previous.hex()))
        for each in proof.get("told", []):
            self._say("told", **{name: each[name] for name in ("number", "kind", "target", "at")})
        for given in sorted(self._given):
            if given in days:
                self.proved = True
                self._say("head_found", day=days[given])
            else:
                self._wrong("head_not_found", head=given)
        return heads

    def _stamps(self, proof: dict[str, Any], heads: dict[int, str]) -> None:
        for each in proof.get("stamps", []):
            name, head = str(each["file"]), heads.get(int(each["number"]), "")
            imprint = hashlib.sha256(bytes.fromhex(head)).digest()
            if not head or imprint not in (self.folder / Path(name).name).read_bytes():
                self._wrong("stamp_wrong", name=name, number=each["number"])
                continue
            command = f"openssl ts -verify -in {name} -digest {imprint.hex()} -CAfile TSA.pem"
            self._say("stamp", name=name, number=each["number"], command=command)

    def _check(self, code: str, *, good: bool, **values: object) -> None:
        (self._say if good else self._wrong)(code, **values)

    def _wrong(self, code: str, **values: object) -> None:
        self.whole = False
        self._say(code, **values)

    def _say(self, code: str, **values: object) -> None:
        self.lines.append(TEXTS[code][self._column].format(**values))


def rows_file(part: str) -> str:
    """Return the name of the file with a part of the call's rows: legs, lines, alerts or events."""
    return f"rows-{part}.json"


def spaced(digest: str) -> str:
    """Return a hash in groups of 8 digits, as it is printed."""
    return " ".join(digest[at : at + 8] for at in range(0, len(digest), 8))


def main(arguments: list[str] | None = None) -> int:
    """Verify a folder, print the findings; 0 where all holds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).resolve().parent)
    parser.add_argument("--head", action="append", default=[], metavar="HEX")
    parser.add_argument("--language", choices=["ja", "en"], default="ja")
    args = parser.parse_args(arguments)
    found = Verification(args.folder, args.language, args.head)
    whole = found.run()
    for stream in (sys.stdout,):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # A console without Japanese shows signs instead, rather than a fault.
            reconfigure(errors="replace")
    for line in found.lines:
        print(line)
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
