"""Staff correct the address of an order whose mail was not delivered. Its mails are then sent to the new address."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from notifications.mail_log.resend_mail import NothingToResend
from notifications.mailing.delivery import RESENDABLE
from notifications.mailing.rows import StoredMail, one_mail
from notifications.mailing.tries import SENDING
from notifications.orders.correct_contact import correct_contact
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import MailAddressCorrected


async def correct_address(tx: Tx, mail_id: UUID, *, to: str, deed: Mapping[str, Any]) -> None:
    """Queue an undelivered mail about an order to the address ``to``, and store that address for later mails.

    The order's other waiting or undelivered mails follow it. ``deed`` is the member of staff who acts
    (shared.web.deeds). Raises Refused for any other mail.
    """
    mail = await one_mail(tx, mail_id)
    if mail is None or mail.order_code is None or not may_correct(mail):
        raise Refused(
            "address_not_correctable", "宛先を訂正できるのは、ご注文についての未達のメールだけです。"
        )
    queued = await tx.execute(
        "UPDATE mails SET recipient = :to, state = 'queued', due_at = :at, attempts = 0, first_tried_at = NULL,"
        " ended_at = NULL, reason = NULL WHERE mail_id = :mail_id AND state = ANY(CAST(:states AS text[]))",
        to=to,
        at=now(),
        mail_id=mail_id,
        states=list(RESENDABLE),
    )
    if not queued:
        raise NothingToResend
    key = await correct_contact(tx, mail.order_code, to)
    # Both keys have the same length, so the positions of typed text stay right. The pages of order and payment have the
    # code in their paths; payments from before they shared one key had another one, equally long.
    await tx.execute(
        "UPDATE mails SET recipient = :to,"
        " text = CASE WHEN :new = '' THEN text ELSE regexp_replace(text, :old, '\\1' || :new, 'g') END"
        " WHERE order_code = :code AND audience = 'customer' AND lane = 'order'"
        " AND state = ANY(CAST(:states AS text[]))",
        to=to,
        old=rf"(/{re.escape(mail.order_code)}\?key=)[A-Za-z0-9_-]{{{len(key)}}}(?![A-Za-z0-9_-])"
        if key
        else "",
        new=key or "",
        code=mail.order_code,
        states=["queued", *RESENDABLE],
    )
    tx.say(
        MailAddressCorrected(
            **deed,
            subject=f"{mail.order_code}：{mail.recipient} → {to}",
            order_code=mail.order_code,
            before=mail.recipient,
            after=to,
            email=to,
            page_key=key,
        )
    )
    tx.wake(SENDING)


def may_correct(mail: StoredMail) -> bool:
    """Return whether staff may correct the address of a stored mail: an undelivered mail to the buyer of an order.

    A mail about an account uses the account's address, also if an order registered the account.
    """
    about_an_order = mail.order_code is not None and not is_about_an_account(mail)
    return about_an_order and mail.audience == "customer" and mail.state in RESENDABLE


def is_about_an_account(mail: StoredMail) -> bool:
    """Return whether a stored mail goes to a member about the account."""
    return mail.lane in ("sign_up", "account", "warning")
