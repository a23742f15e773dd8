"""The pages that Amazon shows the buyer: sign in, choose address and instrument, pay.

The pages use no cookies, because the shop may have another port of the same host. The checkout session or the sign-in
flow in the address contains the account.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import uuid4

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from payments.methods.amazon_pay.signing import Algorithm, verify
from payments.methods.amazon_pay.simulator.accounts import (
    ACCOUNTS,
    INSTRUMENTS,
    add_address,
    address_book,
)
from payments.methods.amazon_pay.simulator.behaviours import LABELS, ask_for
from payments.methods.amazon_pay.simulator.bodies import CreateSession, SignIn, read_body
from payments.methods.amazon_pay.simulator.due import settle_due
from payments.methods.amazon_pay.simulator.pages import page
from payments.methods.amazon_pay.simulator.refusals import Refusal
from payments.methods.amazon_pay.simulator.sessions import (
    cancel_session,
    create_session,
    get_session,
    show_session,
)
from payments.methods.amazon_pay.simulator.settings import AmazonSimulatorSettings
from payments.methods.amazon_pay.simulator.store import Store, Thing, Transaction

NEW_ADDRESS_FIELDS = ("name", "postalCode", "stateOrRegion", "addressLine1", "addressLine2", "phoneNumber")


@dataclass(frozen=True, slots=True)
class Hosted:
    """The buyer's pages."""

    store: Store
    settings: AmazonSimulatorSettings

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/checkout", self.enter_checkout, methods=["GET", "POST"]),
            Route("/checkout/change", self.change),
            Route("/checkout/processing", self.process),
            Route("/checkout/{session}/account", self.choose_account, methods=["GET", "POST"]),
            Route("/checkout/{session}/review", self.review, methods=["GET", "POST"]),
            Route("/checkout/{session}/cancel", self.back_out, methods=["POST"]),
            Route("/signin", self.enter_sign_in, methods=["GET", "POST"]),
            Route("/signin/{flow}", self.sign_in, methods=["GET", "POST"]),
        ]

    async def enter_checkout(self, request: Request) -> Response:
        """Begin the first page after a button was pressed. The merchant signed its payload."""
        given = await self._button(request)
        body = read_body(CreateSession, given["payloadJSON"].encode())
        with self.store.transaction() as tx:
            session = create_session(tx, body, button=True, product_type=given.get("productType"))
        return _go(f"/checkout/{session.id}/account")

    async def choose_account(self, request: Request) -> Response:
        """Sign in. In this demo the user picks an account."""
        session_id = request.path_params["session"]
        form = await request.form() if request.method == "POST" else FormData()
        with self.store.transaction() as tx:
            session = _open_session(tx, session_id)
            if request.method == "GET":
                return page(
                    "account", accounts=ACCOUNTS.values(), action=request.url.path, back=_cancel_url(session)
                )
            account = ACCOUNTS.get(str(form.get("account")))
            if account is None:
                raise Refusal(400, "InvalidParameterValue", "There is no such account.")
            session.own["account"] = account.key
            tx.save(session)
            if account.marketplace != "amazon.co.jp":
                return _go(_review_return(session))
        return _go(f"/checkout/{session_id}/review")

    async def change(self, request: Request) -> Response:
        """「変更」 on the shop's page: choose again for an existing session."""
        session_id = request.query_params.get("amazonCheckoutSessionId", "")
        with self.store.transaction() as tx:
            session = _open_session(tx, session_id)
        step = "review" if session.own["account"] else "account"
        return _go(f"/checkout/{session_id}/{step}")

    async def review(self, request: Request) -> Response:
        """Choose address and instrument, or add an address. Then return to the shop."""
        session_id = request.path_params["session"]
        form = await request.form() if request.method == "POST" else FormData()
        with self.store.transaction() as tx:
            settle_due(tx)
            session = _open_session(tx, session_id)
            account = ACCOUNTS.get(session.own["account"] or "")
            if account is None or account.marketplace != "amazon.co.jp":
                return _go(f"/checkout/{session_id}/account")
            missing: list[str] = []
            if form.get("do") == "add_address":
                missing = [name for name in NEW_ADDRESS_FIELDS if not str(form.get(name) or "").strip()]
                if not missing:
                    fields = {name: str(value).strip() for name, value in form.items()}
                    session.own["address"] = add_address(tx, account, fields)
                    tx.save(session)
                    return _go(f"/checkout/{session_id}/review")
            elif form.get("do") == "continue":
                _choose(tx, session, form)
                return _go(_review_return(session))
            book = address_book(tx, account)
            return page(
                "review",
                422 if missing else 200,
                account=account,
                addresses=book,
                instruments=list(INSTRUMENTS.values()),
                labels=LABELS,
                chosen_address=session.own["address"] or book[0]["addressId"],
                chosen_instrument=session.own["instrument"] or "visa",
                session=session.id,
                with_address=session.api["productType"] == "PayAndShip",
                missing=missing,
                form=form,
            )

    async def back_out(self, request: Request) -> Response:
        """Leave Amazon's page without a choice."""
        with self.store.transaction() as tx:
            session = _open_session(tx, request.path_params["session"])
            return _go(_cancel_url(session))

    async def process(self, request: Request) -> Response:
        """Pay on the second page. Ordinary instruments need no action."""
        with self.store.transaction() as tx:
            settle_due(tx)
            session = get_session(tx, request.query_params.get("amazonCheckoutSessionId", ""))
            shown = show_session(tx, session, self.settings.pages_url)
            state = session.api["statusDetails"]["state"]
            if state == "Open" and shown["constraints"]:
                raise Refusal(422, "InvalidCheckoutSessionStatus", "The checkout session has constraints.")
            if state == "Open" and session.own["returned"] is None:
                outcome = INSTRUMENTS[session.own["instrument"] or "visa"].outcome
                session.own["returned"] = outcome
                tx.save(session)
                if outcome in ("buyer_canceled", "declined"):
                    cancel_session(tx, session, outcome)
            target = session.api["webCheckoutDetails"]["checkoutResultReturnUrl"]
        return _go(_with(target, amazonCheckoutSessionId=session.id))

    async def enter_sign_in(self, request: Request) -> Response:
        """「Amazonアカウントでログインする」. The payload is signed as that of a checkout button."""
        given = await self._button(request)
        body = read_body(SignIn, given["payloadJSON"].encode())
        flow = Thing(str(uuid4()), "sign_in", body.given(), {})
        with self.store.transaction() as tx:
            tx.save(flow)
        return _go(f"/signin/{flow.id}")

    async def sign_in(self, request: Request) -> Response:
        """Pick an account. The shop gets a token for it."""
        form = await request.form() if request.method == "POST" else FormData()
        with self.store.transaction() as tx:
            flow = tx.find(request.path_params["flow"], "sign_in")
            if flow is None:
                raise Refusal(404, "ResourceNotFound", "There is no such sign-in.")
            account = ACCOUNTS.get(str(form.get("account") or ""))
            if account is None:
                back = flow.api.get("signInCancelUrl") or flow.api["signInReturnUrl"]
                return page("account", accounts=ACCOUNTS.values(), action=request.url.path, back=back)
            token = secrets.token_urlsafe(64)
            scopes = flow.api.get("signInScopes", [])
            tx.save(Thing(token, "buyer_token", {}, {"account": account.key, "scopes": scopes}))
        return _go(_with(flow.api["signInReturnUrl"], buyerToken=token))

    async def _button(self, request: Request) -> Mapping[str, str]:
        """Return the payload of the button after its signature was verified."""
        given = request.query_params if request.method == "GET" else await request.form()
        values = {name: str(value) for name, value in given.items()}
        name = values.get("algorithm") or Algorithm.PSS
        payload, signature = values.get("payloadJSON", ""), values.get("signature", "")
        known = values.get("publicKeyId") == self.settings.public_key_id and name in list(Algorithm)
        if not known or not verify(self.settings.merchant_key, Algorithm(name), payload, signature):
            raise Refusal(403, "InvalidSignatureError", "The signature of the button does not verify.")
        return values


def _open_session(tx: Transaction, session_id: str) -> Thing:
    session = get_session(tx, session_id)
    if session.api["statusDetails"]["state"] != "Open":
        raise Refusal(422, "InvalidCheckoutSessionStatus", "This checkout is over.")
    return session


def _choose(tx: Transaction, session: Thing, form: FormData) -> None:
    account = ACCOUNTS[session.own["account"]]
    address, instrument = form.get("address"), str(form.get("instrument"))
    known = {a["addressId"] for a in address_book(tx, account)}
    if (address is not None and address not in known) or instrument not in INSTRUMENTS:
        raise Refusal(400, "InvalidParameterValue", "There is no such address or instrument.")
    session.own |= {"address": address, "instrument": instrument}
    tx.save(session)
    if form.get("behaviour"):
        ask_for(tx, session.id, str(form["behaviour"]))


def _review_return(session: Thing) -> str:
    url = session.api["webCheckoutDetails"]["checkoutReviewReturnUrl"]
    return _with(url, amazonCheckoutSessionId=session.id)


def _cancel_url(session: Thing) -> str:
    details = session.api["webCheckoutDetails"]
    return str(details["checkoutCancelUrl"] or details["checkoutReviewReturnUrl"])


def _with(url: str, **values: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(values)}"


def _go(url: str) -> Response:
    return RedirectResponse(url, status_code=303)
