"""Names of senders arrive as they were set, and mail goes to addresses as they really are."""

from dataclasses import replace
from email.utils import parseaddr
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from harness.mail_sink import MailSink
from harness.post import SHOP, Post
from notifications.mailing.send_mail import MailSending
from notifications.mails.rendering import Mails
from notifications.mails.sender import Sender, sender
from notifications.main import mail_server
from notifications.previews.examples import example_order
from notifications.settings import Settings
from shared.database.transactions import Database

NAMES = [
    "株式会社ノレン, 通信販売部",
    "株式会社ノレン; 通信販売部",
    "のれん：通販 : 本店",
    "noren@home",
    "(株)ノレン",
    "Noren, Inc.",
    "Noren (Tokyo)",
    'のれん "本店"',
    "のれん商店",
]


def settings(mail_from: str, **more: Any) -> Settings:
    """The settings of a shop."""
    more["mail_from"] = mail_from
    return Settings(
        database_url=SecretStr("postgresql+asyncpg://x"),
        amqp_url=SecretStr("amqp://x"),
        smtp_host="127.0.0.1",
        **more,
    )


@pytest.mark.parametrize("name", NAMES)
async def test_the_name_of_the_sender_arrives_as_it_was_set(db: Database, sink: MailSink, name: str) -> None:
    set_ = settings(f"{name} <shop@noren.example>")
    server = mail_server(set_.model_copy(update={"smtp_port": sink.port}))
    post = Post(db, sink)
    post.sending = MailSending(server, post.mails, sender=set_.mail_from)
    await post.hears(example_order())
    await post.sends()

    [copy] = post.journal
    [address] = copy.message["From"].addresses
    assert (address.display_name, address.addr_spec) == (name, "shop@noren.example")
    assert sink.senders == ["shop@noren.example"]


async def test_without_a_name_the_sender_is_named_as_the_shop(db: Database, sink: MailSink) -> None:
    set_ = settings("shop@noren.example")
    post = Post(db, sink, mails=Mails(replace(SHOP, name="茶舗のれん")))
    post.sending = MailSending(
        mail_server(set_.model_copy(update={"smtp_port": sink.port})), post.mails, sender=set_.mail_from
    )
    await post.hears(example_order())
    await post.sends()

    [copy] = post.journal
    assert copy.message["From"].addresses[0].display_name == "茶舗のれん"


def test_the_environment_is_read_in_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DATABASE_URL": "postgresql+asyncpg://x",
        "AMQP_URL": "amqp://x",
        "SMTP_HOST": "x",
        "MAIL_FROM": '"株式会社ノレン, 通信販売部" <shop@noren.example>',
    }.items():
        monkeypatch.setenv(name, value)
    assert Settings().mail_from == Sender("株式会社ノレン, 通信販売部", "shop@noren.example")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "のれん商店",
        "のれん <>",
        "のれん <shop>",
        "のれん <店@noren.example>",
        "a\nb <shop@noren.example>",
    ],
)
def test_a_sender_that_no_server_takes_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ValidationError):
        settings(text)
    with pytest.raises(ValueError, match="must look like"):
        sender(text)


@pytest.mark.parametrize(
    "address",
    ["taro..test.@docomo.ne.jp", ".abc@ezweb.ne.jp", "a..b.@docomo.ne.jp", "-abc@docomo.ne.jp", "a.@au.com"],
)
async def test_old_addresses_of_carriers_are_written_to_exactly_so(post: Post, address: str) -> None:
    order = example_order()
    await post.hears(
        order.model_copy(update={"orderer": order.orderer.model_copy(update={"email": address})})
    )
    await post.sends()

    [copy] = post.journal
    assert copy.recipient == address
    assert f"To: {address}\r\n".encode() in copy.raw
    assert parseaddr(copy.message.as_string().split("To: ")[1].splitlines()[0])[1] == address


def test_a_desk_address_that_no_server_takes_ends_the_start() -> None:
    assert settings("shop@noren.example", desk_mail=" desk@noren.example").desk_mail == "desk@noren.example"
    assert settings("shop@noren.example", desk_mail=" ").desk_mail == ""
    with pytest.raises(ValidationError, match="desk_mail"):
        settings("shop@noren.example", desk_mail="the desk")
