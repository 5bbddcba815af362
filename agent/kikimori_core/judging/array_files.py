"""Archives of arrays (`.npz`) that models are read from, and the errors of one that cannot be used."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

UNUSABLE = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    BadZipFile,
    zlib.error,
)
"""Raised where a file is missing, cut off, spoilt, no archive, or holds other arrays than are asked for."""


@contextmanager
def arrays_in(path: Path) -> Iterator[Mapping[str, NDArray[Any]]]:
    """Open an archive; each array is read when it is asked for. Raises what stands in `UNUSABLE`.

    The file is closed also where it is no archive, in which case `np.load` alone leaves it open.
    """
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        yield arrays
