"""The demo's Seller Central: it shows every charge, plays the provider, makes trouble, and has the ledger as JSON."""

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from payments.methods.amazon_pay.simulator import charges, permissions, refunds
from payments.methods.amazon_pay.simulator.behaviours import ANY, LABELS, ask_for
from payments.methods.amazon_pay.simulator.due import settle_due
from payments.methods.amazon_pay.simulator.ipn import send_again
from payments.methods.amazon_pay.simulator.pages import page
from payments.methods.amazon_pay.simulator.refusals import Refusal
from payments.methods.amazon_pay.simulator.settings import AmazonSimulatorSettings
from payments.methods.amazon_pay.simulator.store import Store, Thing, Transaction

SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class Console:
    """What the merchant's staff, and the demo's user, do at Amazon."""

    store: Store
    settings: AmazonSimulatorSettings

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/console", self.show),
            Route("/console/behaviours", self.make_trouble, methods=["POST"]),
            Route("/console/notices", self.switch_notices, methods=["POST"]),
            Route("/console/charges/{charge}", self.act, methods=["POST"]),
            Route("/ledger", self.ledger),
            Route("/ledger/calls", self.calls),
            Route("/ledger/notices", self.notices),
        ]

    async def show(self, request: Request) -> Response:
        """All charges, newest first, with the possible actions."""
        with self.store.transaction() as tx:
            settle_due(tx)
            rows = [self._row(tx, charge) for charge in tx.newest("charge", SHOWN_MAX)]
            return page(
                "console",
                rows=rows,
                labels=LABELS,
                notices_on=tx.switch("notices", "on") == "on",
                notice_url=self.settings.notices_to,
                behaviours=tx.run("select * from behaviours order by number"),
                notices=tx.run("select * from notices order by number desc limit 30"),
                said=request.query_params.get("said", ""),
            )

    async def act(self, request: Request) -> Response:
        """Do the action of one button of one charge."""
        form = await request.form()
        do = str(form.get("do"))
        try:
            with self.store.transaction() as tx:
                settle_due(tx)
                charge = charges.get_charge(tx, request.path_params["charge"])
                said = self._do(tx, charge, do, str(form.get("amount") or ""))
        except Refusal as refusal:
            said = f"できませんでした（{refusal.reason_code}）"
        return _back(said)

    def _do(self, tx: Transaction, charge: Thing, do: str, amount: str) -> str:
        authorized = int(charge.api["chargeAmount"]["amount"])
        wanted = int(amount) if amount.isascii() and amount.isdigit() else authorized
        match do:
            case "capture":
                seconds = self.settings.pending_seconds
                charges.capture_charge(tx, charge, wanted, source="console", pending_seconds=seconds)
                return "売上請求しました"
            case "cancel":
                charges.cancel_charge(tx, charge, source="console")
                return "取消しました"
            case "refund":
                seconds = self.settings.refund_seconds
                refunds.create_refund(tx, charge, wanted, source="console", seconds=seconds)
                return "返金を受け付けました"
            case "decide" | "decide_declined":
                if charge.own["decision"] is None:
                    raise Refusal(422, "InvalidChargeStatus", "Nothing is pending.")
                if do == "decide_declined":
                    charge.own["decision"] = "HardDeclined"
                charges.decide(tx, charge)
                return "結果を確定しました"
            case "expire" | "repair" | "end" | "chargeback":
                return _play(tx, charge, do)
            case "notice_good" | "notice_forged" | "notice_wrong_topic":
                send_again(tx, charge.id, do.removeprefix("notice_"))
                return "通知を送ります"
            case "notice_twice":
                send_again(tx, charge.id, "good")
                send_again(tx, charge.id, "good")
                return "同じ通知を二度送ります"
        raise Refusal(400, "InvalidRequest", f"There is no button '{do}'.")

    async def make_trouble(self, request: Request) -> Response:
        """Set the behaviour of the next call of a kind."""
        form = await request.form()
        try:
            with self.store.transaction() as tx:
                ask_for(tx, str(form.get("target") or ANY), str(form.get("behaviour")))
        except Refusal as refusal:
            return _back(f"できませんでした（{refusal.message}）")
        return _back("次の呼び出しで起こします")

    async def switch_notices(self, request: Request) -> Response:
        """Switch 通知機能 on or off (AP-40)."""
        form = await request.form()
        with self.store.transaction() as tx:
            tx.turn("notices", "on" if form.get("notices") == "on" else "off")
        return _back("通知機能を切り替えました")

    async def ledger(self, request: Request) -> Response:
        """Return the ledger of money, oldest first. `?since=` skips rows up to that number."""
        return self._rows("entries", request)

    async def calls(self, request: Request) -> Response:
        """Every call of the API, with its key and answer."""
        return self._rows("calls", request)

    async def notices(self, request: Request) -> Response:
        """Every notice and its result."""
        return self._rows("notices", request)

    def _rows(self, table: str, request: Request) -> Response:
        since = request.query_params.get("since", "0")
        if not (since.isascii() and since.isdigit()):
            raise Refusal(400, "InvalidParameterValue", "'since' is a number.")
        with self.store.transaction() as tx:
            settle_due(tx)
            statement = f"select * from {table} where number > ? order by number"  # noqa: S608 - our own names
            rows = [dict(row) for row in tx.run(statement, int(since))]
        return JSONResponse({table: rows})

    def _row(self, tx: Transaction, charge: Thing) -> dict[str, object]:
        entries = tx.run("select * from entries where charge_id = ? order by number", charge.id)
        details = charge.api["statusDetails"]
        permission = permissions.get_permission(tx, charge.api["chargePermissionId"])
        return {
            "id": charge.id,
            "permission": permission.api["statusDetails"]["state"],
            "reference": entries[0]["merchant_reference_id"] if entries else None,
            "state": details["state"],
            "reason": details["reasonCode"],
            "pending": charge.own["decision"] is not None,
            "amount": charge.api["chargeAmount"]["amount"],
            "captured": (charge.api["captureAmount"] or {}).get("amount"),
            "refunded": (charge.api["refundedAmount"] or {}).get("amount"),
            "entries": entries,
        }


def _play(tx: Transaction, charge: Thing, do: str) -> str:
    """Do what time, the buyer or the buyer's bank does at Amazon."""
    permission = permissions.get_permission(tx, charge.api["chargePermissionId"])
    match do:
        case "expire":
            charges.cancel_charge(tx, charge, source="amazon", code="ExpiredUnused")
            return "与信の期限を過ぎたことにしました"
        case "repair":
            permissions.repair_permission(tx, permission)
            return "購入者がお支払い方法を直しました"
        case "end":
            permissions.close_permission(tx, permission, "BuyerClosed")
            return "購入者が取引を終わらせました"
    charges.charge_back(tx, charge)
    return "チャージバックになりました"


def _back(said: str) -> Response:
    return RedirectResponse(f"/console?{urlencode({'said': said})}", status_code=303)
