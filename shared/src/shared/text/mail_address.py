"""One rule for all mail addresses: typed, from a wallet, or on an envelope.

Japanese carriers issued addresses that RFC 5322 does not allow (`taro..test.@docomo.ne.jp`, `.abc@ezweb.ne.jp`). Their
servers deliver to them, so Noren accepts them unchanged.

Noren refuses addresses that no ordinary server delivers to: a local part that needs SMTPUTF8, an encoded word, a domain
without a dot.
"""

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from shared.text.widths import half_width

LENGTH_MAX = 254
"""Characters of an address on an SMTP envelope (RFC 5321 §4.5.3.1.3, without the angle brackets)."""
_LOCAL_LENGTH_MAX = 64
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")

FORM = "メールアドレスは name@example.jp の形式で入力してください"
_NOT_ASCII = "メールアドレスの「@」より前は半角英数字で入力してください"
_BLANK = "メールアドレスに空白や使用できない文字が含まれています"
_TOO_LONG = (
    f"メールアドレスは{LENGTH_MAX}文字以内、「@」より前は{_LOCAL_LENGTH_MAX}文字以内で入力してください"
)
_DOMAIN = "メールアドレスの「@」より後ろをご確認ください（例：name@example.jp）"


class MailAddressRefused(ValueError):
    """The text is no usable mail address. ``message`` tells the person in Japanese what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def mail_address(text: str) -> str:
    """Return the address in its stored form. Raises MailAddressRefused.

    The local part is unchanged. The domain is converted to ASCII in small letters (RFC 5891 for 日本語.jp).
    """
    written = half_width(text)
    if len(written) > LENGTH_MAX:
        raise MailAddressRefused(_TOO_LONG)
    local, at, domain = written.rpartition("@")
    if not (local and at and domain):
        raise MailAddressRefused(FORM)
    if any(not sign.isprintable() or sign.isspace() for sign in written) or "=?" in written:
        raise MailAddressRefused(_BLANK)
    if not local.isascii():
        raise MailAddressRefused(_NOT_ASCII)
    if not _LOCAL.fullmatch(local):
        raise MailAddressRefused(FORM)
    address = f"{local}@{_ascii_domain(domain)}"
    if len(local) > _LOCAL_LENGTH_MAX or len(address) > LENGTH_MAX:
        raise MailAddressRefused(_TOO_LONG)
    return address


def is_mailable(text: str) -> bool:
    """Return whether ``text`` is an address that mail can be sent to."""
    try:
        mail_address(text)
    except MailAddressRefused:
        return False
    return True


def counted_mail(address: str) -> str:
    """Return the mailbox under which an address is counted: small letters, without ``+tag``. For counting only.

    Indexes fold in the same way, by :data:`COUNTED_MAIL`.
    """
    before, _, rest = address.lower().partition("+")
    _, at, domain = rest.partition("@")
    return f"{before}@{domain}" if at else address.lower()


COUNTED_MAIL = "regexp_replace(lower({column}), '[+][^@]*@', '@')"
"""The same in SQL, for the named column."""


def same_mailbox(one: str, other: str) -> bool:
    """Return whether two addresses are equal. The case of the domain is ignored, that of the local part is not."""
    return _comparable(one) == _comparable(other)


def _comparable(address: str) -> str:
    local, _, domain = half_width(address).rpartition("@")
    return f"{local}@{domain.lower()}"


@lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str:
    try:
        # Reserved test domains are accepted: the demo and the tests use them, and this check tries no delivery.
        checked = validate_email(f"a@{domain}", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise MailAddressRefused(_DOMAIN) from None
    ascii_domain = str(checked.ascii_domain).lower()
    if "." not in ascii_domain or ascii_domain.rpartition(".")[2].isdigit():
        raise MailAddressRefused(_DOMAIN)
    return ascii_domain
