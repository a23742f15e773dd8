"""A label for each word of the code: none is forgotten, none is for nothing, and an unknown word is told plainly."""

from dataclasses import dataclass
from typing import Literal

import pytest

from shared.shop.labels import Badges, Complete, Labels, LabelsIncomplete, members, names_of

State = Literal["open", "done"]


@dataclass
class Yes:
    """An answer."""


@dataclass
class No:
    """An answer."""


def test_a_member_without_a_label_fails_the_import() -> None:
    with pytest.raises(LabelsIncomplete, match="no label for done"):
        Labels[State](State, {"open": "処理中"})


def test_a_label_for_what_is_no_member_fails_the_import() -> None:
    shown: dict[str, str] = {"open": "処理中", "done": "完了", "gone": "終了"}
    with pytest.raises(LabelsIncomplete, match="gone"):
        Labels[State](State, shown)  # type: ignore[arg-type]


def test_a_word_of_another_release_is_told_and_stays_visible() -> None:
    states = Labels[State](State, {"open": "処理中", "done": "完了"})
    assert states.of("open") == "処理中"
    assert states.of("quantum") == "その他（コード：quantum）"


def test_a_badge_of_an_unknown_word_is_plain() -> None:
    states = Badges[State](State, {"open": ("処理中", "wait"), "done": ("完了", "done")})
    assert states.of("quantum") == ("その他（コード：quantum）", "plain")
    assert states.labels == {"open": "処理中", "done": "完了"}


def test_a_table_may_have_its_own_words_for_the_unknown() -> None:
    chances = Complete[State, int](State, {"open": 1, "done": 0}, unknown=lambda word: -1)
    assert (chances["open"], chances.of("quantum")) == (1, -1)


def test_literals_of_a_union_and_names_of_classes_are_members() -> None:
    assert members(State | Literal["late"]) == ("open", "done", "late")
    assert members(names_of(Yes | No)) == ("Yes", "No")
