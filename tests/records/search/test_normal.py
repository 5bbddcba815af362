"""Normal form of what is looked for, and the groups of letters that are one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from unicodedata import normalize

import pytest

import kikimori_dashboard
from kikimori_records.search import normal as module
from kikimori_records.search.normal import normal, normal_with_places

PAGES = Path(kikimori_dashboard.__file__).parent / "static" / "js" / "store" / "name_variants.js"


@pytest.mark.parametrize(
    ("written", "looked_for"),
    [
        ("髙橋", "高橋"),
        ("山﨑", "山崎"),
        ("渡邊", "渡辺"),
        ("渡邉", "渡邊"),
        ("𠮷田", "吉田"),
        ("齋藤", "斎藤"),
        ("齊藤", "斉藤"),
        ("濵田", "浜田"),
        ("神田", "神田"),  # a compatibility ideograph
        ("葛\U000e0100城", "葛城"),  # with a mark that chooses its shape
        ("⻆田", "角田"),
    ],
)
def test_a_name_is_one_in_every_way_in_which_it_is_written(written: str, looked_for: str) -> None:
    assert normal(written) == normal(looked_for)


@pytest.mark.parametrize(("one", "other"), [("斎藤", "斉藤"), ("大崎", "大埼"), ("大坂", "大阪")])
def test_other_letters_stay_other_names(one: str, other: str) -> None:
    assert normal(one) != normal(other)


def test_each_letter_keeps_its_place() -> None:
    assert normal_with_places("𠮷田、髙橋") == ("吉田高橋", [0, 1, 3, 4])


def test_a_letter_is_in_one_group_and_no_other_step_changes_it() -> None:
    groups = _groups(_data())
    letters = [each for group in groups for each in group]
    assert len(letters) == len(set(letters))
    assert all(len(each) > 1 for each in groups)
    assert all(normalize("NFKC", each).casefold() == each for each in letters)


def test_pages_have_the_same_groups() -> None:
    (found,) = re.findall(r"GROUPS = `([^`]+)`", PAGES.read_text(encoding="utf-8"))
    assert _groups(found) == _groups(_data())


def _data() -> str:
    path = Path(module.__file__).with_name("name_variants.toml")
    return str(tomllib.loads(path.read_text(encoding="utf-8"))["groups"])


def _groups(text: str) -> list[str]:
    return text.split()
