"""What notifications says of a mail, once it is known what became of it."""

from typing import Any

from notifications.mailing.delivery import Verdict
from notifications.mailing.store_mails import NewMail, cause_of
from shared.events import Event, MailSent, MailSuppressed, SuppressionReason
from shared.sql import Row


def suppressed(mail: NewMail | Row, reason: SuppressionReason) -> MailSuppressed:
    """Return that ``mail`` does not go out, and why. It follows from the event that the mail tells of."""
    return MailSuppressed(reason=reason, title=mail.title or "", **_about(mail)).following(cause_of(mail))


def of_verdict(row: Row, verdict: Verdict) -> list[Event]:
    """Return what there is to say after a try; nothing while more are to come. It follows from the same event."""
    match verdict.state:
        case "sent":
            return [MailSent(subject=row.subject, **_about(row)).following(cause_of(row))]
        case "refused":
            return [suppressed(row, "refused_by_server")]
        case "gave_up":
            return [suppressed(row, "not_accepted_in_time")]
        case _:
            return []


def _about(mail: NewMail | Row) -> dict[str, Any]:
    return {
        "mail_id": mail.mail_id,
        "mail": mail.mail,
        "order_code": mail.order_code,
        "member_id": mail.member_id,
        "needed_to_pay": mail.needed_to_pay,
    }
