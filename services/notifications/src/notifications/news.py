"""What notifications says of a mail, once it is known what became of it."""

from typing import Any

from notifications.domain.mail import Verdict
from notifications.storage.mails import NewMail
from shared.events import Event, MailSent, MailSuppressed, SuppressionReason
from shared.sql import Row


def suppressed(mail: NewMail | Row, reason: SuppressionReason) -> MailSuppressed:
    """Return that ``mail`` does not go out, and why."""
    return MailSuppressed(reason=reason, title=mail.title or "", **_about(mail))


def of_verdict(row: Row, verdict: Verdict) -> list[Event]:
    """Return what there is to say after a try; nothing while more are to come."""
    match verdict.state:
        case "sent":
            return [MailSent(subject=row.subject, **_about(row))]
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
        "caused_by": mail.event_id,
    }
