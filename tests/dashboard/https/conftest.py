"""An office's certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.https import OfficeCertificate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def pair(tmp_path: Path) -> OfficeCertificate:
    folder = tmp_path / "certificates"
    folder.mkdir()
    return OfficeCertificate(folder)
