"""Failures of places that are reached by HTTP, as codes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import aiohttp

from kikimori_records.proof.anchor import AnchorError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def web_failures() -> Iterator[None]:
    """Raise as AnchorError what goes wrong on the way to a place and back."""
    try:
        yield
    except aiohttp.ClientConnectorCertificateError:
        raise AnchorError("certificate") from None
    except TimeoutError:
        raise AnchorError("timeout") from None
    except (aiohttp.ClientError, OSError, ValueError):
        raise AnchorError("unreachable") from None
