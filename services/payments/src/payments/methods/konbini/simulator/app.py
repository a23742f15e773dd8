"""The company's interface, its console, and the sending of notices."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import jinja2
from fastapi import Body, FastAPI, Form, Header, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from payments.methods.konbini.simulator.ledger import Facts, Ledger, Refusal
from payments.methods.konbini.simulator.settings import KonbiniSimulatorSettings
from shared.clock import in_japan, now

HANG_SECONDS = 30.0
NOTICE_TRIES_MAX = 20
SECURITY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"}

Json = Annotated[dict[str, Any], Body()]
Word = Annotated[str, Form()]


def make_app(settings: KonbiniSimulatorSettings, *, hang_seconds: float = HANG_SECONDS) -> FastAPI:
    """Return the simulator as an application. It sends notices while it runs."""
    ledger = Ledger(settings.konbini_simulator_folder)
    sender = NoticeSender(ledger, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(sender.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        ledger.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.ledger, app.state.sender = ledger, sender
    _install_interface(app, ledger, settings, hang_seconds)
    _install_console(app, ledger, sender)
    return app


def _install_interface(
    app: FastAPI, ledger: Ledger, settings: KonbiniSimulatorSettings, hang_seconds: float
) -> None:
    async def answer(operation: str, authorization: str, do: Callable[[], Facts | None]) -> Response:
        if authorization != f"Bearer {settings.konbini_secret.get_secret_value()}":
            return JSONResponse({"code": "unauthorized"}, status_code=401)
        mood = ledger.take_mood(operation)
        if mood == "decline":
            return JSONResponse({"code": "declined"}, status_code=422)
        if mood == "busy":
            return JSONResponse({"code": "busy"}, status_code=503, headers={"Retry-After": "1"})
        if mood == "silence":
            await asyncio.sleep(hang_seconds)
            return JSONResponse({"code": "too_late"}, status_code=504)
        try:
            found = do()
        except Refusal as refusal:
            status = 404 if refusal.code == "not_found" else 422
            return JSONResponse({"code": refusal.code}, status_code=status)
        if mood == "lost_answer":
            await asyncio.sleep(hang_seconds)
        if found is None:
            return JSONResponse({"code": "not_found"}, status_code=404)
        return JSONResponse(found)

    @app.post("/numbers")
    async def issue(
        wish: Json,
        authorization: Annotated[str, Header()] = "",
        idempotency_key: Annotated[str, Header()] = "",
    ) -> Response:
        return await answer("issue", authorization, lambda: ledger.issue(wish, key=idempotency_key))

    @app.get("/numbers/by-reference/{reference}")
    async def look_up(reference: str, authorization: Annotated[str, Header()] = "") -> Response:
        return await answer("look_up", authorization, lambda: ledger.by_reference(reference))

    @app.post("/numbers/{number_id}/close")
    async def close(number_id: str, authorization: Annotated[str, Header()] = "") -> Response:
        return await answer("close", authorization, lambda: ledger.close_number(number_id))

    @app.post("/numbers/{number_id}/refunds")
    async def refund(
        number_id: str,
        wish: Json,
        authorization: Annotated[str, Header()] = "",
        idempotency_key: Annotated[str, Header()] = "",
    ) -> Response:
        return await answer(
            "refund", authorization, lambda: ledger.refund(number_id, wish, key=idempotency_key)
        )


def _install_console(app: FastAPI, ledger: Ledger, sender: "NoticeSender") -> None:
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True)
    env.filters["jst"] = lambda text: f"{in_japan(datetime.fromisoformat(text)):%Y/%m/%d %H:%M}"
    env.filters["yen"] = lambda amount: f"¥{amount:,}"

    @app.get("/health/ready")
    @app.get("/health/live")
    async def health() -> Mapping[str, str]:
        return {"status": "ok"}

    @app.get("/ledger")
    async def show_ledger() -> Mapping[str, Any]:
        """Return the ledger, for checkers and the demo."""
        return {"entries": ledger.entries()}

    @app.get("/")
    async def console() -> Response:
        at = now().isoformat()
        page = env.get_template("console.html").render(
            numbers=[one | {"overdue": one["due_at"] < at} for one in ledger.numbers()],
            notices=ledger.notices()[:50],
        )
        return HTMLResponse(page, headers=SECURITY)

    def reverse(number_id: str) -> Response:
        try:
            receipt = ledger.reverse(number_id)
        except Refusal as refusal:
            return HTMLResponse(f"取り消せません（{refusal.code}）", status_code=422)
        ledger.write_notice(number_id, receipt, kind="reversed")
        sender.wake()
        return RedirectResponse("/", status_code=303)

    @app.post("/console/numbers/{number_id}")
    async def pay(request: Request, number_id: str, do: Word, amount: Word = "") -> Response:
        """Play the till. `do` is pay, pay_twice_told, pay_untold, pay_again or reverse."""
        if do == "reverse":
            return reverse(number_id)
        if not amount.isdecimal() or int(amount) < 1:
            return HTMLResponse("金額を入力してください", status_code=422)
        try:
            receipt = ledger.pay(number_id, int(amount))
        except Refusal:
            return HTMLResponse("番号がありません", status_code=404)
        if do != "pay_untold":
            for _ in range(2 if do == "pay_twice_told" else 1):
                ledger.write_notice(number_id, receipt)
        sender.wake()
        return RedirectResponse("/", status_code=303)

    @app.post("/console/numbers/{number_id}/refunds")
    async def refund(number_id: str, amount: Word) -> Response:
        """Play the shop's staff, who refund here. The shop's service gets no notice."""
        if not amount.isdecimal() or int(amount) < 1:
            return HTMLResponse("金額を入力してください", status_code=422)
        try:
            ledger.refund(number_id, {"amount": amount, "route": "bank_transfer"}, key="")
        except Refusal as refusal:
            return HTMLResponse(f"返金できません（{refusal.code}）", status_code=422)
        return RedirectResponse("/", status_code=303)

    @app.post("/console/notices/{notice_id}")
    async def send_again(notice_id: str) -> Response:
        """Send a notice once more, with the same id."""
        ledger.send_again(notice_id)
        sender.wake()
        return RedirectResponse("/", status_code=303)

    @app.post("/console/moods")
    async def set_mood(operation: Word, mood: Word) -> Response:
        """Let the next call of an operation fail: decline, busy, silence or lost_answer."""
        ledger.set_mood(operation, mood)
        return RedirectResponse("/", status_code=303)


class NoticeSender:
    """Sends notices until the shop answers 200. The pauses grow."""

    def __init__(self, ledger: Ledger, settings: KonbiniSimulatorSettings) -> None:
        self._ledger = ledger
        self._settings = settings
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Send due notices now."""
        self._awake.set()

    def sign(self, body: bytes) -> str:
        """Return the signature of a notice."""
        secret = self._settings.konbini_secret.get_secret_value().encode()
        return hmac.new(secret, body, hashlib.sha256).hexdigest()

    async def run(self) -> None:
        """Send until cancelled."""
        async with httpx.AsyncClient(timeout=10) as http:
            while True:
                for notice in self._ledger.notices(due=True):
                    await self._send(http, notice)
                self._awake.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await self._awake.wait()

    async def _send(self, http: httpx.AsyncClient, notice: Facts) -> None:
        body = str(notice["body"]).encode()
        headers = {"X-Konbini-Signature": self.sign(body), "Content-Type": "application/json"}
        try:
            reply = await http.post(self._settings.notice_url, content=body, headers=headers)
            answer = str(reply.status_code)
        except httpx.HTTPError as error:
            answer = type(error).__name__
        tries = int(notice["tries"]) + 1
        again = None if answer == "200" or tries >= NOTICE_TRIES_MAX else float(min(2**tries, 600))
        self._ledger.note_sent(notice["notice_id"], answer, again_in_seconds=again)
