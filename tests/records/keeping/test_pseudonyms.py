"""Spellings of numbers, masks and pseudonyms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kikimori_records.errors import StoreError
from kikimori_records.keeping.numbers import masked, plain
from kikimori_records.keeping.pseudonyms import FILE, Pseudonyms

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "said", ["09012345678", "090-1234-5678", "+819012345678", "+81 (0)90 1234 5678", "０９０１２３４５６７８"]
)
def test_a_number_has_one_spelling(said: str) -> None:
    assert plain(said) == "09012345678"
    assert masked(said) == "*******5678"
    assert plain(f"sip:{said}@pbx.example") == "09012345678"


def test_what_is_no_number_is_not_taken_for_one() -> None:
    assert [plain(each) for each in ("", "  ", "-", "+")] == [""] * 4
    assert plain("Tanaka.Taro@example.jp") == "tanaka.taro"
    assert plain("+442079460000") == "442079460000"


def test_short_numbers_and_names_are_masked_whole() -> None:
    assert [masked(each) for each in ("204", "12345678", "taro", "")] == ["***", "*" * 8, "****", ""]


def test_a_pseudonym_is_that_of_the_store_and_the_number(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = (Pseudonyms.load(tmp_path / name) for name in ("one", "other"))
    assert one.of("+81 90-1234-5678") == one.of("09012345678") != one.of("09012345679")
    assert one.of("09012345678") != other.of("09012345678")
    assert Pseudonyms.load(tmp_path / "one").of("1") == one.of("1")
    assert (tmp_path / "one" / FILE).stat().st_mode & 0o077 == 0


def test_who_has_no_number_has_no_pseudonym(tmp_path: Path) -> None:
    found = Pseudonyms.load(tmp_path)
    assert [found.of(each) for each in (None, "", " ", masked("09012345678"))] == [None] * 4


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("5a5a\n", encoding="ascii")
    with pytest.raises(StoreError, match="caller-key"):
        Pseudonyms.load(tmp_path)
