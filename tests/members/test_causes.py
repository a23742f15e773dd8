"""What members says follows from the event that it answers, also where many share a commit."""

from collections.abc import Sequence

from harness.due_once import claim, perform
from harness.hearing import said
from harness.together import hear_together
from harness.traces import causes, traced
from members.consumers import consumers
from members.passwords.wish_for_reset import MailResets
from shared.cause import trace_id
from shared.events import Event, PasswordResetRequested, Registration
from shared.ids import new_id
from tests.members.member_examples import a_cancellation, a_shipping, an_authorization, an_order
from tests.members.members_service import MembersService

CODES = ("N-1", "N-2", "N-3")


async def new_of(members: MembersService, before: Sequence[Event]) -> list[Event]:
    """Return what was said since."""
    return (await said(members.db))[len(before) :]


async def test_each_order_of_a_batch_causes_what_it_does_to_its_member(members: MembersService) -> None:
    aya = await members.register()
    before = await said(members.db)
    orders = [
        traced(an_order("N-1", member_id=aya, points=100, amazon_buyer_id="amzn.AYA")),
        traced(
            an_order(
                "N-2",
                registration=Registration(member_id=new_id(), email_proved=True),
                email="new@example.jp",
            )
        ),
        traced(an_order("N-3", member_id=aya, points=5_600)),
    ]
    await hear_together(members.db, consumers, orders)
    assert causes(await new_of(members, before), orders) == [
        ("PointsUsed", "N-1"),
        ("PointsGranted", "N-1"),
        ("MemberRegistered", "N-2"),
        ("PointsGranted", "N-2"),
        ("PointsGranted", "N-2"),
        ("PointsUsed", "N-3"),
        ("BenefitShortageFound", "N-3"),
    ]


async def test_an_authorized_payment_causes_the_link_of_its_member(members: MembersService) -> None:
    aya = await members.register()
    codes = ("N-1", "N-2")
    orders = [an_order(code, member_id=aya, amazon_buyer_id=f"amzn.{code}") for code in codes]
    await hear_together(members.db, consumers, orders)
    before = await said(members.db)
    heard = [traced(an_authorization(code)) for code in codes]
    await hear_together(members.db, consumers, heard)
    assert causes(await new_of(members, before), heard) == [("AmazonAccountLinked", "N-1")]


async def test_shipping_and_cancelling_cause_what_they_do_to_points(members: MembersService) -> None:
    aya = await members.register()
    await hear_together(members.db, consumers, [an_order(code, member_id=aya) for code in CODES])
    for heard, kind in (
        ([traced(a_shipping(code)) for code in CODES], "PointsActivated"),
        ([traced(a_cancellation(code)) for code in CODES], "PointsReturned"),
    ):
        before = await said(members.db)
        await hear_together(members.db, consumers, heard)
        assert causes(await new_of(members, before), heard) == [(kind, code) for code in CODES]


async def test_a_forgotten_password_keeps_the_trace_of_its_request(members: MembersService) -> None:
    await members.register()
    trace = f"00-{7:032x}-{7:016x}-01"
    async with members.browser() as browser:
        wish = {"email": "aya@example.jp"}
        page = await browser.post("/members/password/forgot", data=wish, headers={"traceparent": trace})
    assert page.status_code == 200
    work = MailResets(members.db).due_work()
    await perform(members.db, work, (await claim(members.db, work)).items)
    [asked] = await members.said(PasswordResetRequested)
    assert (asked.caused_by, trace_id(asked.traceparent)) == (None, trace_id(trace))
