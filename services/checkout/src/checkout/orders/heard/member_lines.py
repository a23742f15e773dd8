"""Timeline lines for events of members and notifications, worded for staff."""

from collections.abc import Callable
from typing import Any

from checkout.orders.heard.labels import BENEFIT, GRANTED, REFUSED_REGISTRATION, SUPPRESSED, UNDELIVERED
from checkout.orders.timeline import TimelineLine
from shared import events
from shared.events import Event

_UNIT = {"points": ("", "ポイント"), "coupon": ("¥", "")}


def _benefit_short(event: events.BenefitShortageFound) -> TimelineLine:
    facts = {"kind": "shortage", "benefit": event.benefit, "missing": event.missing}
    before, after = _UNIT.get(event.benefit, ("", ""))
    title = f"{BENEFIT.of(event.benefit)}を引き落とせませんでした"
    text = f"不足 {before}{event.missing:,}{after}。値引き分は店舗の負担です（{event.reason}）"
    return "points", "stop", title, text, facts


def _registration_refused(event: events.RegistrationRefused) -> TimelineLine:
    text = REFUSED_REGISTRATION.of(event.reason)
    return "member", "stop", "会員登録は行われませんでした", text, {"kind": "registration_refused"}


def _points_used(event: events.PointsUsed) -> TimelineLine:
    facts = {"kind": "used", "points": event.points}
    return "points", "note", "ポイントを利用しました", f"{event.points:,}ポイント", facts


def _points_granted(event: events.PointsGranted) -> TimelineLine:
    facts = {"kind": f"granted_{event.state}", "points": event.points}
    text = f"{event.points:,}ポイント（{GRANTED.of(event.state)}）"
    return "points", "note", "ポイントを付与しました", text, facts


def _points_activated(event: events.PointsActivated) -> TimelineLine:
    facts = {"kind": "activated", "points": event.points}
    return "points", "done", "ポイントが有効になりました", f"{event.points:,}ポイント", facts


def _points_returned(event: events.PointsReturned) -> TimelineLine:
    facts = {"kind": "returned", "points": event.points_returned, "revoked": event.points_revoked}
    owed = f"、利用済みのため不足 {event.points_owed:,}ポイント" if event.points_owed else ""
    revoked = f"付与の取消 {event.points_revoked:,}ポイント{owed}"
    if event.because == "money_returned":
        text = f"{revoked}。代金がすべて返金されたためです"
        return "points", "note", "購入ポイントを取り消しました", text, facts
    text = f"返却 {event.points_returned:,}ポイント、{revoked}"
    return "points", "note", "ポイントを元に戻しました", text, facts


def _coupon_issued(event: events.CouponIssued) -> TimelineLine:
    facts = {"kind": "coupon_issued", "coupon": event.name}
    return "points", "note", "クーポンを発行しました", event.name, facts


def _coupon_redeemed(event: events.CouponRedeemed) -> TimelineLine:
    facts = {"kind": "coupon_redeemed", "coupon": event.name}
    text = f"{event.name}　¥{event.discount:,}引き" if event.discount else event.name
    return "points", "note", "クーポンを利用しました", text, facts


def _coupon_returned(event: events.CouponReturned) -> TimelineLine:
    facts = {"kind": "coupon_returned", "coupon": event.name}
    text = event.name if event.usable else f"{event.name}（有効期限を過ぎているため利用できません）"
    return "points", "note", "クーポンを元に戻しました", text, facts


def _registered(event: events.MemberRegistered) -> TimelineLine:
    return "member", "done", "会員登録されました", "", {"kind": "registered"}


def _linked(event: events.AmazonAccountLinked) -> TimelineLine:
    return "member", "done", "Amazonアカウントと連携されました", "", {"kind": "linked"}


def _mail_sent(event: events.MailSent) -> TimelineLine:
    facts = {"kind": "sent", "mail": event.mail, "subject": event.subject, "mail_id": str(event.mail_id)}
    return "mail", "done", "メールを送信しました", event.subject, facts


def _mail_suppressed(event: events.MailSuppressed) -> TimelineLine:
    facts = {
        "kind": "suppressed",
        "mail": event.mail,
        "reason": event.reason,
        "mail_id": str(event.mail_id),
    }
    text = f"{event.title or event.mail}：{SUPPRESSED.of(event.reason)}"
    if event.reason in UNDELIVERED:
        return "mail", "stop", "メールは未達です", text, facts
    return "mail", "plain", "メールは送信していません", text, facts


LINES_OF_MEMBERS_AND_MAILS: dict[type[Event], Callable[[Any], TimelineLine]] = {
    events.BenefitShortageFound: _benefit_short,
    events.RegistrationRefused: _registration_refused,
    events.PointsUsed: _points_used,
    events.PointsGranted: _points_granted,
    events.PointsActivated: _points_activated,
    events.PointsReturned: _points_returned,
    events.CouponIssued: _coupon_issued,
    events.CouponRedeemed: _coupon_redeemed,
    events.CouponReturned: _coupon_returned,
    events.MemberRegistered: _registered,
    events.AmazonAccountLinked: _linked,
    events.MailSent: _mail_sent,
    events.MailSuppressed: _mail_suppressed,
}
