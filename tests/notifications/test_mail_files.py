"""A mail is one file, and one that could go wrong keeps the service from starting."""

from pathlib import Path

import pytest

from harness.post import SHOP
from notifications.mails.files import find_mails
from notifications.mails.rendering import Mails
from notifications.previews.examples import example_of, example_order
from shared.events import PaymentAuthorized, PaymentCaptured, Shipped

BODY = "\n\n{# 試験メール。試験です。 #}\n{{ order.orderer.name }} 様\n"


def write(folder: Path, head: str, name: str = "shipped.customer.ja.txt") -> Path:
    """A folder with one mail."""
    (folder / name).write_text(head + BODY, "utf-8")
    return folder


def test_a_file_is_called_for_by_the_event_of_its_name(tmp_path: Path) -> None:
    [kind] = find_mails(write(tmp_path, "Subject: 件名"))

    assert (kind.name, kind.events, kind.title) == ("shipped.customer", (Shipped,), "試験メール")
    assert kind.head.model_fields_set == {"subject"}


def test_a_head_names_other_events_and_a_condition(tmp_path: Path) -> None:
    head = "Subject: 件名\nHears: PaymentCaptured, PaymentAuthorized\nWhen: order.payment_flow == heard\nOnce-per-order: yes"
    mails = Mails(SHOP, write(tmp_path, head, "money.customer.ja.txt"))
    kind = mails["money.customer"]

    assert kind.events == (PaymentCaptured, PaymentAuthorized)
    assert kind.head.once_per_order
    assert mails.asks_about_order(kind)
    event = example_of(PaymentCaptured)
    assert mails.is_called_for(kind, event, example_order(payment_flow="PaymentCaptured"))
    assert not mails.is_called_for(kind, event, example_order(payment_flow="prepaid"))


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("shipped.staff.ja.txt", "Subject: 件名"),
        ("shipped.shop.en.txt", "Subject: 件名"),
        ("shipped.customer.en.txt", "Subject: 件名"),
        ("nothing.customer.ja.txt", "Subject: 件名"),
        ("Shipped.customer.ja.txt", "Subject: 件名"),
        ("shipped.customer.ja.txt", "Betreff: 件名"),
        ("shipped.customer.ja.txt", "Subject: 件名\nSubject: 件名"),
        ("shipped.customer.ja.txt", "Subject: 件名\nHears: Nothing"),
        ("shipped.customer.ja.txt", "Subject: 件名\nUntil-cancelled: Christmas"),
        ("shipped.customer.ja.txt", "Subject: 件名\nLane: fast"),
        ("shipped.customer.ja.txt", "Subject: 件名\nBy-method: yes"),
        ("shipped.customer.ja.txt", "Subject: 件名\nDelay: 10"),
        ("shipped.customer.ja.txt", "Subject: 件名\nWaits: true\nDelay: 9999"),
        ("shipped.customer.ja.txt", "Subject: 件名\nWhen:"),
        ("member_registered.customer.ja.txt", "Subject: 件名\nOnce-per-order: yes"),
        ("points_granted.customer.ja.txt", "Subject: 件名"),
    ],
)
def test_a_file_that_could_not_be_sent_right_is_refused(tmp_path: Path, name: str, head: str) -> None:
    with pytest.raises(ValueError, match=name.partition(".")[0]):
        find_mails(write(tmp_path, head, name))


@pytest.mark.parametrize(
    ("english", "head", "text", "fault"),
    [
        ("shipped.customer.en.txt", "Subject: sent", "Hello", None),
        (
            "shipped.customer.en.txt",
            "Subject: sent\nOnce-per-order: yes",
            "Hello",
            "the Japanese file tells the rest",
        ),
        ("shipped.customer.fr.txt", "Subject: sent", "Hello", "there is no _signature.fr.txt"),
        ("shipped.customer.en.txt", "Subject: sent", '{% include "_gone.en.txt" %}', "which is not there"),
        ("order_placed.customer.en.txt", "Subject: sent", "Hello", "there is no Japanese file"),
    ],
)
def test_another_language_adds_words_and_no_rules(
    tmp_path: Path, english: str, head: str, text: str, fault: str | None
) -> None:
    write(tmp_path, "Subject: 件名")
    (tmp_path / "_signature.en.txt").write_text("----\nNoren\n", "utf-8")
    (tmp_path / english).write_text(f"{head}\n\n{text}\n", "utf-8")

    if fault is None:
        assert list(Mails(SHOP, tmp_path)["shipped.customer"].files) == ["en", "ja"]
    else:
        with pytest.raises(ValueError, match=fault):
            Mails(SHOP, tmp_path)
