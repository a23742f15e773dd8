"""Which addresses mail can be sent to, and how they are kept."""

import pytest

from shared.text.mail_address import MailAddressRefused, is_mailable, mail_address, same_mailbox


@pytest.mark.parametrize(
    "address",
    [
        "taro..test.@docomo.ne.jp",
        ".abc@ezweb.ne.jp",
        "-abc@docomo.ne.jp",
        "a..b.@softbank.ne.jp",
        "Taro.Yamada+shop@example.jp",
        "taro/x@docomo.ne.jp",
    ],
)
def test_what_carriers_gave_out_is_kept_as_written(address: str) -> None:
    assert mail_address(address) == address


def test_only_the_domain_is_written_anew() -> None:
    assert mail_address("Taro@EXAMPLE.jp") == "Taro@example.jp"
    assert mail_address("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ") == "taro@example.jp"
    assert mail_address("x@日本語.jp") == "x@xn--wgv71a119e.jp"


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("太郎@example.jp", "「@」より前は半角英数字"),
        ("=?utf-8?q?a?=@example.jp", "使用できない文字"),
        ("a b@example.jp", "空白"),
        ("a@example.jp\r\nBcc: b@example.jp", "使用できない文字"),
        ("a\x00@example.jp", "使用できない文字"),
        ("a\u202e@example.jp", "使用できない文字"),
        ("a\ud800@example.jp", "使用できない文字"),
        ("a" * 65 + "@example.jp", "64文字以内"),
        ("a" * 60 + "@" + ".".join(["x" * 60] * 4) + ".jp", "254文字以内"),
        ("taro@localhost", "「@」より後ろ"),
        ("taro@[127.0.0.1]", "「@」より後ろ"),
        ("taro@10.0.0.1", "「@」より後ろ"),
        ("taro@-a-.jp", "「@」より後ろ"),
        ("①<taro@example.jp>", "半角英数字"),
        ("<taro@example.jp>", "name@example.jp の形式"),
        ("taro", "name@example.jp の形式"),
    ],
)
def test_what_cannot_be_mailed_is_refused_with_the_reason(text: str, because: str) -> None:
    with pytest.raises(MailAddressRefused, match="メールアドレス") as refused:
        mail_address(text)
    assert because in refused.value.message
    assert not is_mailable(text)


def test_the_domains_case_does_not_make_another_mailbox() -> None:
    assert same_mailbox("taro@Example.jp", "taro@example.JP")
    assert not same_mailbox("Taro@example.jp", "taro@example.jp")
