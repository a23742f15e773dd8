"""The events that notifications publishes about the outcome of a mail."""

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
    """Return the event that ``mail`` is not sent, with the reason. Its cause is the event that the mail is about."""
    return MailSuppressed(reason=reason, title=mail.title or "", **_about(mail)).following(cause_of(mail))


def events_of(mail: StoredMail, verdict: Verdict) -> list[Event]:
    """Return the events after a try. There are no events if another try follows. The cause is the event of the mail."""
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
