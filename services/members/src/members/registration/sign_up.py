"""会員登録 by the form: password, limits, the new member, and the first login (MEM-36)."""

from members.accounts.forms import SignUp
from members.accounts.hasher import PasswordHasher
from members.accounts.passwords import Person, weakness
from members.accounts.rows import email_key, member_by_id
from members.registration.register_member import NewMember, register_member
from members.sessions.attempts import begin_attempt, forget_attempts
from members.sessions.enter import Browser, NewLogin, enter
from members.sessions.pacing import SIGN_UPS, keep_pace
from members.settings import Settings
from members.shop_rules.rows import rules_at
from shared.clock import now
from shared.database.transactions import Database
from shared.errors import Refused
from shared.ids import new_id


async def sign_up(
    db: Database, hasher: PasswordHasher, settings: Settings, asked: SignUp, browser: Browser
) -> NewLogin:
    """Register a member and log in. Attempts count like logins, because the response reveals who is a member.

    Raises Refused for a weak password or a known address, and TooManyAttempts.
    """
    person = Person(asked.email, (asked.name, asked.kana), shop=settings.shop)
    if reason := weakness(asked.password, person):
        raise Refused("password_weak", reason, field="password")
    async with db.transaction() as tx:
        attempt_id = await begin_attempt(
            tx, key=f"signup:{email_key(asked.email)}", ip=browser.ip, device="", at=now()
        )
        await keep_pace(tx, SIGN_UPS, browser.ip, at=now())
    new = NewMember(
        member_id=new_id(),
        name=asked.name,
        kana=asked.kana,
        email=asked.email,
        newsletter=asked.newsletter,
        password_hash=await hasher.hash(asked.password),
    )
    async with db.transaction() as tx:
        at = now()
        await register_member(tx, new, rules=await rules_at(tx, at), via="form", at=at)
        await forget_attempts(tx, attempt_id)
        member = await member_by_id(tx, new.member_id)
        if member is None:
            raise LookupError("the member just stored is gone")
        return await enter(tx, settings, browser, member, way="registration", at=now())
