"""A mail is one file, and one that could go wrong keeps the service from starting."""

from pathlib import Path

import pytest

from harness.post import SHOP
from notifications.examples import example_of, example_order
from notifications.mail_files import find_mails
from notifications.templates import Mails
from shared.events import PaymentAuthorized, PaymentCaptured, Shipped

BODY = "\n\n{# 試験メール。試験です。 #}\n{{ order.orderer.name }} 様\n"


def write(folder: Path, head: str, name: str = "shipped.customer.ja.txt") -> Path:
    """A folder with one mail."""
    (folder / name).write_text(head + BODY, "utf-8")
    return folder


def test_a_file_is_called_for_by_the_event_of_its_name(tmp_path: Path) -> None:
    [file] = find_mails(write(tmp_path, "Subject: 件名"))

    assert (file.name, file.events, file.title) == ("shipped.customer", (Shipped,), "試験メール")
    assert not (file.once_per_order or file.until_cancelled or file.may_wait)


def test_a_head_names_other_events_and_a_condition(tmp_path: Path) -> None:
    head = "Subject: 件名\nHears: PaymentCaptured, PaymentAuthorized\nWhen: order.payment_flow == heard\nOnce: order"
    mails = Mails(SHOP, write(tmp_path, head, "money.customer.ja.txt"))
    file = mails["money.customer"]

    assert file.events == (PaymentCaptured, PaymentAuthorized)
    assert file.once_per_order
    assert mails.asks_about_order(file)
    event = example_of(PaymentCaptured)
    assert mails.is_called_for(file, event, example_order(payment_flow="PaymentCaptured"))
    assert not mails.is_called_for(file, event, example_order(payment_flow="prepaid"))


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("shipped.shop.ja.txt", "Subject: 件名"),
        ("shipped.customer.en.txt", "Subject: 件名"),
        ("nothing.customer.ja.txt", "Subject: 件名"),
        ("Shipped.customer.ja.txt", "Subject: 件名"),
        ("shipped.customer.ja.txt", "Betreff: 件名"),
        ("shipped.customer.ja.txt", "Subject: 件名\nSubject: 件名"),
        ("shipped.customer.ja.txt", "Subject: 件名\nHears: Nothing"),
        ("shipped.customer.ja.txt", "Subject: 件名\nUntil: Christmas"),
        ("shipped.customer.ja.txt", "Subject: 件名\nLane: fast"),
        ("shipped.customer.ja.txt", "Subject: 件名\nWhen:"),
        ("member_registered.customer.ja.txt", "Subject: 件名\nOnce: order"),
        ("points_granted.customer.ja.txt", "Subject: 件名"),
    ],
)
def test_a_file_that_could_not_be_sent_right_is_refused(tmp_path: Path, name: str, head: str) -> None:
    with pytest.raises(ValueError, match=name.partition(".")[0]):
        find_mails(write(tmp_path, head, name))
