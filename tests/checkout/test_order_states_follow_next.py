"""The state table: whatever is asked of an order, it only ever goes where NEXT leads."""

from datetime import UTC, datetime
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.orders.rules.allowed_deeds import (
    check_cancellable,
    check_capturable,
    check_shippable,
    unsecured,
)
from checkout.orders.rules.order import Order, Parcel
from checkout.orders.rules.standing import Standing
from checkout.orders.rules.states import AXIS_OF, NEXT
from checkout.orders.rules.steps import (
    STEPS,
    StepGroup,
    cancel_effects,
    capture_warnings,
    next_step,
    processed_warnings,
    workflow,
)
from shared.errors import Refused
from tests.checkout.payment_terms import GROUPS, TERMS, Group

AT = datetime(2026, 11, 22, tzinfo=UTC)
SENT = Parcel(UUID(int=2), "発送 済", ship_date=AT.date())
LEFT = Parcel(UUID(int=3), "未発送 花子")


def order(group: Group = "card_like", **changes: object) -> Order:
    values = {
        "code": "X1",
        "version": 1,
        "status": "in_progress",
        "deposit": "unpaid",
        "shipping": "unshipped",
        "payment": "awaited",
        **TERMS[group],
        "total": 3_500,
        "points_used": 0,
        "placed_at": datetime(2026, 11, 22, tzinfo=UTC),
        "parcels": (Parcel(UUID(int=1), "試験 花子"),),
        **changes,
    }
    return Order(**values)  # type: ignore[arg-type]


def steps_of(group: Group) -> tuple[str, ...]:
    terms = TERMS[group]
    return workflow(terms["payment_deposit"], paid_before_shipping=terms["paid_before_shipping"])


moves = st.lists(st.sampled_from(sorted(AXIS_OF)), max_size=30)


@given(group=st.sampled_from(GROUPS), asked=moves)
def test_every_walk_keeps_to_the_edges_without_version_gaps(group: Group, asked: list[str]) -> None:
    now, cancelled_as = order(group), None
    for move in asked:
        axis = AXIS_OF[move]  # type: ignore[index]
        before = now
        try:
            now = now.moved(move)  # type: ignore[arg-type]
        except Refused:
            assert not before.may(move)  # type: ignore[arg-type]
            continue
        assert now.version == before.version + 1
        assert getattr(now, axis) == NEXT[axis][getattr(before, axis)][move]  # type: ignore[index]
        untouched = {"status", "deposit", "shipping", "payment"} - {axis}
        assert all(getattr(now, other) == getattr(before, other) for other in untouched)
        if cancelled_as is not None:
            assert (now.status, now.deposit, now.shipping) == cancelled_as
        if now.status == "cancelled":
            cancelled_as = (now.status, now.deposit, now.shipping)


def test_every_edge_leads_to_a_state_of_its_axis() -> None:
    for states in NEXT.values():
        for edges in states.values():
            assert set(edges.values()) <= set(states)


@given(asked=moves)
def test_a_prepaid_order_never_becomes_shippable_unpaid(asked: list[str]) -> None:
    now = order("konbini")
    for move in asked:
        if now.may(move) and move not in ("ship", "ship_part"):  # type: ignore[arg-type]
            now = now.moved(move)  # type: ignore[arg-type]
        if now.deposit == "unpaid":
            with pytest.raises(Refused):
                check_shippable(now)


@pytest.mark.parametrize(
    ("group", "first"), [("card_like", "A"), ("konbini", "C"), ("transfer", "F"), ("cash_on_delivery", "E")]
)
def test_the_next_step_of_a_new_order_depends_on_how_it_is_paid(group: Group, first: str) -> None:
    step = next_step(order(group)).step
    assert step is not None
    assert step.code == first


def test_a_wallet_captures_after_shipping_prepaid_before() -> None:
    authorized = order("card_like", payment="authorized")
    assert next_step(authorized).step == STEPS["E"]
    assert next_step(authorized.moved("ship")).step == STEPS["F"]
    paid = order("transfer").moved("capture").moved("deposit")
    assert next_step(paid).step == STEPS["E"]


@pytest.mark.parametrize(
    ("group", "steps"),
    [
        ("card_like", "A B a D E c d F H b G"),
        ("konbini", "A B a C b D E c d G"),
        ("transfer", "A B a C F b D E c d G"),
        ("cash_on_delivery", "A B a D E c d G"),
    ],
)
def test_the_steps_of_an_order_are_those_of_the_matrix(group: Group, steps: str) -> None:
    assert " ".join(steps_of(group)) == steps


def test_an_invoice_is_paid_by_hand_after_the_parcel_left() -> None:
    invoice = order("transfer", paid_before_shipping=False, payment="number_issued")
    assert next_step(invoice).step == STEPS["E"]
    check_shippable(invoice)
    assert next_step(invoice.moved("ship")).step == STEPS["F"]
    check_capturable(invoice)
    assert " ".join(workflow("by_hand", paid_before_shipping=False)) == "A B a D E c d C F b G"


def test_money_held_at_the_order_may_come_by_itself() -> None:
    waiting = order(payment_deposit="automatic", payment="awaited")
    assert next_step(waiting).step == STEPS["A"]
    sent = order(payment_deposit="automatic", payment="authorized").moved("ship")
    assert next_step(sent).step == STEPS["C"]
    with pytest.raises(Refused):
        check_capturable(sent)
    assert not sent.processed_but_unpaid


def test_the_workflow_knows_twelve_steps_in_three_groups() -> None:
    assert set(STEPS) == set("ABCDEFGHabcd")
    assert {step.group for step in STEPS.values()} == {"common", "deposit", "shipping"}
    assert set().union(*(steps_of(group) for group in GROUPS)) == set(STEPS)


@pytest.mark.parametrize("group", ["konbini", "cash_on_delivery"])
def test_a_deposit_that_staff_may_not_set_is_refused(group: Group) -> None:
    with pytest.raises(Refused) as refused:
        check_capturable(order(group))
    assert refused.value.code == "deposit_not_by_staff"
    assert refused.value.message == "このお支払い方法の入金状況は手動で変更できません。"


@pytest.mark.parametrize(
    ("group", "state", "code", "words"),
    [
        (
            "card_like",
            {"status": "cancelled"},
            "order_move_not_allowed",
            "キャンセルされた注文は変更できません。",
        ),
        ("card_like", {"shipping": "shipped"}, "order_move_not_allowed", "すでに発送済みです。"),
        ("konbini", {}, "unpaid_prepaid", "前払いの注文です。入金を確認してから発送してください。"),
        ("transfer", {}, "unpaid_prepaid", "前払いの注文です。入金を確認してから発送してください。"),
        (
            "card_like",
            {"payment": "awaited"},
            "payment_not_authorized",
            "決済がまだ承認されていません。承認を確認してから発送してください。",
        ),
    ],
)
def test_what_cannot_be_shipped_yet_is_refused_in_words(
    group: Group, state: dict[str, object], code: str, words: str
) -> None:
    with pytest.raises(Refused) as refused:
        check_shippable(order(group, **state))
    assert (refused.value.code, refused.value.message) == (code, words)


@pytest.mark.parametrize(
    ("group", "state"),
    [
        ("card_like", {"payment": "authorized"}),
        ("card_like", {"payment": "captured"}),
        ("konbini", {"deposit": "paid"}),
        ("transfer", {"deposit": "paid"}),
        ("cash_on_delivery", {}),
    ],
)
def test_what_is_held_or_paid_or_paid_at_the_door_can_be_shipped(
    group: Group, state: dict[str, object]
) -> None:
    ready = order(group, **state)
    check_shippable(ready)
    assert (unsecured(ready), ready.moved("ship").shipping) == ("", "shipped")


def test_a_deposit_that_was_asked_for_is_not_asked_for_again() -> None:
    waiting = order("card_like", payment="authorized", shipping="shipped", capture_requested_at=AT)
    with pytest.raises(Refused) as refused:
        check_capturable(waiting)
    assert refused.value.code == "capture_already_requested"
    assert refused.value.message == "入金処理を依頼済みです。結果をお待ちください。"
    assert next_step(waiting).text == "入金処理を依頼しました。決済サービスの結果を待っています。"


@pytest.mark.parametrize(
    ("state", "step", "kind", "words"),
    [
        (
            {"payment": "voided"},
            "A",
            "stop",
            "決済が取り消されています。注文をどうするか、お客様に確認してください。",
        ),
        (
            {"payment": "refunded"},
            "A",
            "stop",
            "代金はお客様に戻っています。このままでは発送できません。注文をどうするか、お客様に確認してください。",
        ),
        ({"payment": "awaited"}, "A", "wait", "決済の承認を待っています。承認されるまで発送できません。"),
        (
            {"payment": "authorized"},
            "E",
            "wait",
            "発送処理をしてください。送り状番号は必要な場合のみ登録します。",
        ),
        (
            {"payment": "authorized", "parcels": (SENT, LEFT)},
            "E",
            "wait",
            "お届け先2件のうち、未発送が1件あります。",
        ),
        (
            {"payment": "authorized", "shipping": "shipped", "status": "processed"},
            "F",
            "stop",
            "処理済みですが未入金です。入金処理の漏れがないか確認してください。",
        ),
        (
            {"payment": "authorized", "shipping": "shipped"},
            "F",
            "wait",
            "入金処理をしてください。発送と同時に売上を確定する設定の場合は、数分で入金済みになります。"
            "数分たっても未入金のときは、入金処理を依頼してください。",
        ),
        (
            {"payment": "captured", "deposit": "paid", "shipping": "shipped"},
            "G",
            "note",
            "発送と入金が完了しました。必要であれば処理済みにしてください。",
        ),
        (
            {"payment": "captured", "deposit": "paid", "shipping": "shipped", "status": "processed"},
            None,
            "done",
            "すべての処理が完了しています。",
        ),
        ({"status": "cancelled"}, None, "note", "キャンセルされた注文です。必要な処理はありません。"),
    ],
)
def test_staff_read_what_a_wallet_order_waits_for(
    state: dict[str, object], step: str | None, kind: str, words: str
) -> None:
    said = next_step(order("card_like", **state))
    assert (said.step, said.kind, said.text) == (STEPS[step] if step else None, kind, words)


@pytest.mark.parametrize(
    ("group", "step", "words"),
    [
        ("konbini", "C", "お客様のお支払いを待っています。入金は自動で反映されます。"),
        ("transfer", "F", "入金をまち、口座への入金を確認したら、入金日を登録してください。"),
        ("cash_on_delivery", "E", "発送処理をしてください。送り状番号は必要な場合のみ登録します。"),
    ],
)
def test_staff_read_what_other_new_orders_wait_for(group: Group, step: str, words: str) -> None:
    said = next_step(order(group))
    assert (said.step, said.kind, said.text) == (STEPS[step], "wait", words)


@pytest.mark.parametrize(
    ("group", "state", "step", "words", "not_said"),
    [
        ("konbini", {"payment": "number_issued"}, "A", "お客様に連絡し、不足のまま確定するか", "自動で反映"),
        ("transfer", {"payment": "number_issued"}, "A", "残額のお振り込みを待つか", "お客様に連絡"),
        ("card_like", {"payment": "lapsed"}, "R", "残額を再与信するか、決済の画面で不足のまま確定", "待つか"),
    ],
)
def test_short_money_is_the_next_thing_to_look_at(
    group: Group, state: dict[str, object], step: str, words: str, not_said: str
) -> None:
    short = Standing(revision=1, calls=("short_money",), suspense=1_000, money=1_000, may_reauthorize=True)
    said = next_step(order(group, standing=short, **state))
    assert said.step is not None
    assert (said.step.code, said.kind) == (step, "stop")
    assert words in said.text
    assert "¥2,500 足りません" in said.text
    assert not_said not in said.text


UNPAID_WALLET = (
    "未入金の注文です。処理済みにすると「通常処理中/未入金」の一覧に表示されなくなり、"
    "入金処理が漏れるおそれがあります。"
)


@pytest.mark.parametrize(
    ("group", "state", "warnings"),
    [
        ("card_like", {}, [UNPAID_WALLET, "未発送の注文です。"]),
        ("card_like", {"shipping": "shipped"}, [UNPAID_WALLET]),
        ("konbini", {"shipping": "shipped"}, ["未入金の注文です。"]),
        ("transfer", {}, ["未入金の注文です。", "未発送の注文です。"]),
        ("transfer", {"deposit": "paid", "shipping": "shipped"}, []),
        ("card_like", {"deposit": "paid"}, ["未発送の注文です。"]),
        ("cash_on_delivery", {"shipping": "shipped"}, []),
    ],
)
def test_who_marks_an_order_processed_is_warned_of_what_is_open(
    group: Group, state: dict[str, object], warnings: list[str]
) -> None:
    assert processed_warnings(order(group, **state)) == warnings


def test_who_captures_before_shipping_is_warned() -> None:
    assert capture_warnings(order("card_like")) == [
        "未発送の注文です。このお支払い方法では、通常は発送処理の後に入金処理を行います。"
    ]
    assert capture_warnings(order("card_like", shipping="shipped")) == []
    assert capture_warnings(order("transfer")) == []


@pytest.mark.parametrize(
    ("state", "effects"),
    [
        ({}, ["確保していた在庫を戻します。", "決済は行われていないため、お金の動きはありません。"]),
        ({"payment": "captured"}, ["確保していた在庫を戻します。", "入金済みの ¥3,500 を返金します。"]),
        (
            {"payment": "authorized"},
            ["確保していた在庫を戻します。", "¥3,500 の与信を取り消します。売上は発生しません。"],
        ),
        (
            {"payment": "number_issued"},
            ["確保していた在庫を戻します。", "発行済みのお支払い番号を無効にします。"],
        ),
        (
            {"parcels": (SENT, LEFT)},
            [
                "発送済みの商品は、在庫に自動では戻りません。返品を受け取ってから在庫を追加してください。",
                "決済は行われていないため、お金の動きはありません。",
            ],
        ),
    ],
)
def test_cancelling_says_first_what_it_will_do(state: dict[str, object], effects: list[str]) -> None:
    told = cancel_effects(order("card_like", **state))
    assert [told[0], told[-1]] == effects
    assert told[1:-1] == ["この注文で付与したポイントがあれば取り消します。"]
    spent = cancel_effects(order("card_like", points_used=1_500, **state))
    assert spent[1] == "ご利用ポイント 1,500ポイントを会員に返します。"
    assert len(spent) == 4


@pytest.mark.parametrize(
    ("move", "words"),
    [
        ("process", "すでに処理済みです。"),
        ("deposit", "すでに入金済みです。"),
        ("ship", "すでに発送済みです。"),
        ("ship_part", "すでに発送済みです。"),
        ("expire", "この操作は現在の状態では行えません。"),
    ],
)
def test_a_move_that_cannot_be_is_refused_in_words(move: str, words: str) -> None:
    done = order(status="processed", deposit="paid", shipping="shipped", payment="captured")
    with pytest.raises(Refused) as refused:
        done.moved(move)  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.message) == ("order_move_not_allowed", words)
    with pytest.raises(Refused) as refused:
        order(status="cancelled").moved("ship")
    assert refused.value.message == "キャンセルされた注文は変更できません。"


@pytest.mark.feature("ORD-03", clause="twelve steps with their group")
def test_the_workflow_lists_all_twelve_steps_with_their_group() -> None:
    groups = {
        group: [code for code, step in STEPS.items() if step.group == group] for group in get_args(StepGroup)
    }
    assert groups == {
        "common": ["A", "B", "G", "a"],
        "deposit": ["C", "F", "H", "b"],
        "shipping": ["D", "E", "c", "d"],
    }
    assert {code for group in GROUPS for code in steps_of(group)} == set(STEPS)


def test_cancelling_a_bank_transfer_speaks_of_no_number() -> None:
    told = cancel_effects(order("transfer", payment="number_issued"))
    assert told[-1] == "この後に届いたお振り込みは、お客様に返金します。"


def test_an_order_is_cancelled_once_and_shipped_only_if_stated() -> None:
    with pytest.raises(Refused) as refused:
        check_cancellable(order(status="cancelled", parcels=(SENT,)), although_shipped=True)
    assert (refused.value.code, refused.value.message) == (
        "order_already_cancelled",
        "すでにキャンセルされています。",
    )
    with pytest.raises(Refused) as refused:
        check_cancellable(order(parcels=(LEFT, SENT)), although_shipped=False)
    assert (refused.value.code, refused.value.field) == ("order_already_shipped", "although_shipped")
    assert refused.value.message == (
        "発送済みの注文です。返品・受取拒否の場合は「発送後にキャンセルする」を選んでください。"
    )
    check_cancellable(order(parcels=(LEFT, SENT)), although_shipped=True)
    check_cancellable(order(), although_shipped=False)
