"""The bank: its ledger in SQLite, its interface for payouts, its console with the statement."""

import asyncio
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import jinja2
from fastapi import Body, FastAPI, Form, Header
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from shared.clock import in_japan, now
from shared.ids import new_id

HANG_SECONDS = 30.0
SECURITY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"}
_SCHEMA = """
create table if not exists entries (
  entry integer primary key, at text not null, kind text not null, id text not null unique,
  amount integer not null, name text not null, reference text not null default '', key text unique);
create table if not exists moods (operation text primary key, mood text not null);
"""
Word = Annotated[str, Form()]


class BankSimulatorSettings(BaseSettings):
    """One account, one token."""

    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, env_ignore_empty=True, populate_by_name=True
    )

    http_host: str = "127.0.0.1"
    http_port: int = 8203
    bank_transfer_token: SecretStr = SecretStr("noren-demo")
    bank_transfer_simulator_folder: Path = Field(
        Path(".noren/data/simulators"), description="Holds the ledger; survives restarts"
    )


class Bank:
    """The account's statement. Entries are only added."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "bank.sqlite", isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(_SCHEMA)

    def entries(self) -> list[dict[str, Any]]:
        """Return the statement, oldest first."""
        return [dict(row) for row in self._db.execute("select * from entries order by entry")]

    def deposit(self, name: str, amount: int) -> None:
        """Transfer ``amount`` yen to the account, as anybody."""
        self._add("deposit", f"bd_{new_id().hex}", amount, name)

    def pay_out_by_hand(self, reference: str, amount: int, name: str) -> None:
        """Transfer ``amount`` yen to ``name`` at the bank itself, as the shop's staff."""
        self._add("payout", f"bp_{new_id().hex}", amount, name, reference)

    def pay_out(self, reference: str, amount: int, name: str, *, key: str) -> dict[str, Any]:
        """Transfer ``amount`` yen to ``name``, once per key."""
        found = self._db.execute("select * from entries where key = ?", (key,)).fetchone()
        if found is None:
            self._add("payout", f"bp_{new_id().hex}", amount, name, reference, key)
            found = self._db.execute("select * from entries where key = ?", (key,)).fetchone()
        return _payout(found)

    def payouts(self, reference: str) -> list[dict[str, Any]]:
        """Return the outgoing transfers of a reference."""
        rows = self._db.execute(
            "select * from entries where kind = 'payout' and reference = ? order by entry", (reference,)
        )
        return [_payout(row) for row in rows]

    def set_mood(self, operation: str, mood: str) -> None:
        """Set how the next call of ``operation`` (refund, look_up) fails."""
        self._db.execute("insert or replace into moods values (?, ?)", (operation, mood))

    def take_mood(self, operation: str) -> str:
        """Return how this call fails, if it does. The next call does not fail any more."""
        rows = self._db.execute(
            "delete from moods where operation = ? returning mood", (operation,)
        ).fetchall()
        return str(rows[0]["mood"]) if rows else ""

    def _add(
        self, kind: str, id_: str, amount: int, name: str, reference: str = "", key: str | None = None
    ) -> None:
        self._db.execute(
            "insert into entries (at, kind, id, amount, name, reference, key) values (?, ?, ?, ?, ?, ?, ?)",
            (now().isoformat(), kind, id_, amount, name, reference, key),
        )


def _payout(row: sqlite3.Row) -> dict[str, Any]:
    return {"payout_id": row["id"], "reference": row["reference"], "amount": row["amount"]}


def make_app(settings: BankSimulatorSettings, *, hang_seconds: float = HANG_SECONDS) -> FastAPI:
    """Return the simulator as an application."""
    bank = Bank(settings.bank_transfer_simulator_folder)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.bank = bank
    _install_interface(app, bank, settings, hang_seconds)
    _install_console(app, bank)
    return app


def _install_interface(
    app: FastAPI, bank: Bank, settings: BankSimulatorSettings, hang_seconds: float
) -> None:
    bearer = f"Bearer {settings.bank_transfer_token.get_secret_value()}"

    async def trouble(operation: str, authorization: str) -> tuple[Response | None, bool]:
        """Return the answer that replaces the right one, and whether the right one is lost."""
        if authorization != bearer:
            return JSONResponse({"code": "unauthorized"}, status_code=401), False
        mood = bank.take_mood(operation)
        if mood == "silence":
            await asyncio.sleep(hang_seconds)
            return JSONResponse({"code": "too_late"}, status_code=504), False
        if mood == "decline":
            return JSONResponse({"code": "declined"}, status_code=422), False
        return None, mood == "lost_answer"

    @app.post("/payouts")
    async def pay_out(
        wish: Annotated[dict[str, Any], Body()],
        authorization: Annotated[str, Header()] = "",
        idempotency_key: Annotated[str, Header()] = "",
    ) -> Response:
        instead, lost = await trouble("refund", authorization)
        if instead is not None:
            return instead
        made = bank.pay_out(
            str(wish["reference"]), int(wish["amount"]), str(wish["name"]), key=idempotency_key
        )
        if lost:
            await asyncio.sleep(hang_seconds)
        return JSONResponse(made)

    @app.get("/payouts")
    async def list_payouts(reference: str, authorization: Annotated[str, Header()] = "") -> Response:
        instead, _ = await trouble("look_up", authorization)
        return instead or JSONResponse({"payouts": bank.payouts(reference)})


def _install_console(app: FastAPI, bank: Bank) -> None:
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True)
    env.filters["jst"] = lambda text: f"{in_japan(datetime.fromisoformat(text)):%Y/%m/%d %H:%M}"
    env.filters["yen"] = lambda amount: f"¥{amount:,}"

    @app.get("/health/ready")
    @app.get("/health/live")
    async def health() -> Mapping[str, str]:
        return {"status": "ok"}

    @app.get("/ledger")
    async def show_ledger() -> Mapping[str, Any]:
        """Return the statement, for checkers and the demo."""
        return {"entries": bank.entries()}

    @app.get("/")
    async def console() -> Response:
        page = env.get_template("console.html").render(entries=list(reversed(bank.entries())))
        return HTMLResponse(page, headers=SECURITY)

    @app.post("/console/deposits")
    async def deposit(name: Word, amount: Word) -> Response:
        """Play the payer."""
        if not amount.isdecimal() or int(amount) < 1:
            return HTMLResponse("金額を入力してください", status_code=422)
        bank.deposit(name, int(amount))
        return RedirectResponse("/", status_code=303)

    @app.post("/console/payouts")
    async def pay_out(name: Word, amount: Word, reference: Word) -> Response:
        """Play the shop's staff."""
        if not amount.isdecimal() or int(amount) < 1:
            return HTMLResponse("金額を入力してください", status_code=422)
        bank.pay_out_by_hand(reference.strip(), int(amount), name)
        return RedirectResponse("/", status_code=303)

    @app.post("/console/moods")
    async def set_mood(operation: Word, mood: Word) -> Response:
        """Let the next call of an operation fail: decline, silence or lost_answer."""
        bank.set_mood(operation, mood)
        return RedirectResponse("/", status_code=303)
