"""A group of settings is declared once: its labels, its bounds and what a form may leave out follow from that."""

from decimal import Decimal
from typing import Any, Literal

import pytest
from starlette.datastructures import FormData

from shared.errors import Refused
from shared.shop.settings.group import YEN, Group, setting
from shared.shop.settings.rows import of_stored
from shared.shop.settings.subjects import Subject
from shared.web.fields import Line, Pieces
from shared.web.forms import parse_form
from shared.web.session import Viewer
from shared.web.settings_forms import form_model, with_typed
from shared.web.settings_sheets import Sheet, sections

Speed = Literal["slow", "fast"]


class Ways(Group, key="ways", changed_by="owner"):
    """Some of each kind."""

    fee: Pieces = setting(550, section="料金", label="手数料", unit=YEN, ge=0, le=20_000)
    free_from: Pieces | None = setting(5_000, label="無料になる金額", unit=YEN, ge=0, le=50_000)
    open: bool = setting(True, section="受付", label="受け付ける", yes="受付中", no="停止中")
    speed: Speed = setting("slow", label="速さ", labels={"slow": "通常", "fast": "お急ぎ"})
    days: Pieces = setting(3, label="日数", unit="日", ge=1, le=30, changed_by="staff")
    note: Line = setting("", label="備考")
    areas: frozenset[Line] = setting(frozenset(), label="地域", max_length=3)


SENT = {
    "fee": "８００円",
    "free_from": "",
    "speed": "fast",
    "days": "5",
    "note": "",
    "areas": ["東京\n 大阪 \n"],
}


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("fee", 1_200, "¥1,200"),
        ("free_from", None, "なし"),
        ("open", True, "受付中"),
        ("open", False, "停止中"),
        ("speed", "fast", "お急ぎ"),
        ("speed", "of another release", "of another release"),
        ("days", "2.50", "2.5日"),
        ("note", "", "なし"),
        ("areas", ["東京", "大阪"], "東京・大阪"),
    ],
)
def test_a_value_is_said_in_words(name: str, value: Any, word: str) -> None:
    assert Ways.shown[name].label_of(value) == word


def test_a_form_says_what_people_typed_and_left_empty() -> None:
    form = parse_form(form_model(Ways, tuple(Ways.model_fields)), SENT)
    assert form.errors == {}

    wanted = with_typed(Ways(note="前"), form)
    assert wanted == Ways(
        fee=800, free_from=None, open=False, speed="fast", days=5, areas=frozenset({"東京", "大阪"})
    )


def test_a_choice_that_is_not_sent_stays_as_it_is() -> None:
    sent = {name: value for name, value in SENT.items() if name != "speed"}
    form = parse_form(form_model(Ways, tuple(Ways.model_fields)), sent)
    assert with_typed(Ways(speed="fast"), form).speed == "fast"


@pytest.mark.parametrize(
    ("name", "typed", "message"),
    [
        ("fee", "-1", "手数料は0円以上で入力してください"),
        ("fee", "20001", "手数料は20,000円以下で入力してください"),
        ("fee", "", "手数料を入力してください"),
        ("days", "31", "日数は1〜30の数字で入力してください"),
        ("speed", "never", "速さは選択肢から選んでください"),
        ("areas", ["a\nb\nc\nd"], "地域は3件以内にしてください"),
    ],
)
def test_what_is_out_of_bounds_is_refused_at_its_field(name: str, typed: Any, message: str) -> None:
    form = parse_form(form_model(Ways, tuple(Ways.model_fields)), {**SENT, name: typed})
    assert form.errors[name].replace("（日）", "") == message


def test_stored_values_that_are_not_taken_do_not_count() -> None:
    stored = {"fee": 900, "speed": "teleport", "days": 99, "gone": 1}
    assert of_stored(Ways(days=7), stored) == Ways(fee=900, days=7)
    assert of_stored(Ways(), None) == Ways()


def test_a_choice_needs_a_word_for_each_of_its_values() -> None:
    with pytest.raises(TypeError, match="speed needs a word for each of"):

        class Wordless(Group, key="wordless"):
            speed: Speed = setting("slow", label="速さ", labels={"slow": "通常"})


def test_a_field_that_is_not_declared_as_a_setting_is_refused() -> None:
    with pytest.raises(TypeError, match="bare is not declared"):

        class Bare(Group, key="bare"):
            bare: int = 1


def test_a_role_may_change_what_is_declared_for_it() -> None:
    assert Ways.changed_as("owner") == tuple(Ways.model_fields)
    assert Ways.changed_as("staff") == ("days",)
    with pytest.raises(Refused) as refused:
        Sheet([Subject(Ways())], Viewer()).sent(FormData())
    assert refused.value.status == 403


def test_a_heading_stands_until_the_next_one() -> None:
    assert sections(Ways) == [
        ("料金", ["fee", "free_from"]),
        ("受付", ["open", "speed", "days", "note", "areas"]),
    ]


def test_a_value_that_is_the_same_number_is_no_change() -> None:
    class Rate(Group, key="rate"):
        percent: Decimal = setting(Decimal(1), label="率", unit="％")

    assert Rate(percent=Decimal("1.0")).changed_from(Rate()) == []
    assert Rate(percent=Decimal("1.5")).changed_from(Rate()) == ["percent"]
