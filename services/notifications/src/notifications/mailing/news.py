"""What notifications says of a mail, once it is known what became of it."""

from typing import TypedDict
from uuid import UUID

from notifications.mailing.delivery import Verdict
from notifications.mailing.rows import StoredMail
from notifications.mailing.store_mails import NewMail, cause_of
from shared.events import Event, MailSent, MailSuppressed, SuppressionReason


class _About(TypedDict):
    mail_id: UUID
    mail: str
    order_code: str | None
    member_id: UUID | None
    needed_to_pay: bool


def suppressed(mail: NewMail | StoredMail, reason: SuppressionReason) -> MailSuppressed:
    """Return that ``mail`` does not go out, and why. It follows from the event that the mail tells of."""
    return MailSuppressed(reason=reason, title=mail.title or "", **_about(mail)).following(cause_of(mail))


def of_verdict(mail: StoredMail, verdict: Verdict) -> list[Event]:
    """Return what there is to say after a try; nothing while more are to come. It follows from the same event."""
    match verdict.state:
        case "sent":
            return [MailSent(subject=mail.subject, **_about(mail)).following(cause_of(mail))]
        case "refused":
            return [suppressed(mail, "refused_by_server")]
        case "gave_up":
            return [suppressed(mail, "not_accepted_in_time")]
        case _:
            return []


def _about(mail: NewMail | StoredMail) -> _About:
    return {
        "mail_id": mail.mail_id,
        "mail": mail.mail,
        "order_code": mail.order_code,
        "member_id": mail.member_id,
        "needed_to_pay": mail.needed_to_pay,
    }
