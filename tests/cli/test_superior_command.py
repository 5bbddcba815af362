"""`kikimori superior`: order, telephones and opening hours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_superiors_are_put_in_order(run_kikimori: Run) -> None:
    assert "transfers go to [pbx] superior" in run_kikimori("superior", "list")[2]
    run_kikimori("superior", "add", "課長 木村", "210", "--hours", "月-金 9:00-18:00")
    code, out, err = run_kikimori("superior", "add", "部長 高橋", "09012345678")
    assert (code, out) == (0, "added 部長 高橋 (09012345678) in place 2\n")
    assert "may lead out of the house" in err
    assert run_kikimori("superior", "order", "2")[0] == 0
    assert run_kikimori("superior", "change", "210", "--off")[0] == 0
    first, second = json.loads(run_kikimori("superior", "list", "--json")[1])
    assert (first["number"], first["position"], first["open_now"]) == ("09012345678", 1, True)
    assert second["hours"]["fri"] == [["09:00", "18:00"]]
    assert (second["enabled"], second["open_now"]) == (False, False)
    out = run_kikimori("superior", "list")[1]
    assert "mon-fri 09:00-18:00" in out
    assert "always" in out
    assert run_kikimori("superior", "remove", "210")[1] == "removed 課長 木村 (210)\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "A", "2 1"), "number: '2 1' is no extension"),
        (("add", "A", "21", "--hours", "mon"), "--hours: 'mon'"),
        (("remove", "21"), "no superiors are '21'"),
        (("change", "21"), "nothing to change was given"),
    ],
)
def test_what_cannot_be_is_refused_in_words(run_kikimori: Run, words: tuple[str, ...], said: str) -> None:
    code, out, err = run_kikimori("superior", *words)
    assert (code, out) == (1, "")
    assert said in err
    assert "  next: " in err
