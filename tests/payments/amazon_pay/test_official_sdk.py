"""Amazon's own Node SDK works against the simulator: signatures, objects, refusals."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def installed() -> None:
    """The SDK as locked, installed once."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed, so Amazon's SDK cannot run")
    if not (FOLDER / "node_modules" / "@amazonpay").exists():
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=200)
        if done.returncode:
            pytest.skip(f"npm could not fetch Amazon's SDK: {done.stderr[-300:]}")


def run_script(name: str, amazon: Any, key_id: str, algorithm: str) -> dict[str, Any]:
    """What the simulator answered to Amazon's SDK, by the name of the call."""
    host = amazon.url.removeprefix("https://")
    command = ["node", name, host, str(amazon.key_file), key_id, algorithm]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("algorithm", ["AMZN-PAY-RSASSA-PSS", "AMZN-PAY-RSASSA-PSS-V2"])
@pytest.mark.parametrize("key_id", ["SANDBOX-NORENDEMONORENDEMO000001", "NORENDEMONORENDEMO000001"])
def test_the_official_sdk_is_satisfied(
    installed: None, start_amazon: Any, algorithm: str, key_id: str
) -> None:
    amazon = start_amazon(tls=True, public_key_id=key_id)
    said = run_script("check.js", amazon, key_id, algorithm)

    assert {name: answer["status"] for name, answer in said.items() if isinstance(answer, dict)} == {
        "create": 201,
        "get": 200,
        "decimals": 400,
        "early": 422,
        "update": 200,
        "mismatch": 409,
        "complete": 200,
        "again": 422,
        "permission": 200,
        "charge": 200,
        "capture": 200,
        "captureRepeated": 200,
        "captureChanged": 400,
        "captureTwice": 422,
        "refund": 201,
        "getRefund": 200,
        "furtherCharge": 201,
        "cancel": 200,
        "declined": 422,
        "longKey": 400,
        "noKey": 400,
        "close": 200,
        "missing": 404,
        "buyer": 200,
        "stranger": 403,
    }
    codes = {name: said[name]["data"]["reasonCode"] for name in REASONS}
    assert codes == REASONS
    assert all(answer["requestId"] for answer in said.values() if isinstance(answer, dict))
    assert said["decimals"]["data"]["message"].startswith("The value '64615.90' provided for")
    assert said["review"].startswith("https://shop.example.jp/review?amazonCheckoutSessionId=")
    assert said["result"].startswith("https://shop.example.jp/result?amazonCheckoutSessionId=")
    assert said["get"]["data"]["shippingAddress"]["stateOrRegion"] == "神奈川県"
    assert said["charge"]["data"]["statusDetails"]["state"] == "Authorized"
    assert said["captureRepeated"]["data"] == said["capture"]["data"]
    assert said["buyer"]["data"]["name"] == "鈴木 一郎"
    assert said["buyer"]["data"]["phoneNumber"] is None
    kinds = [row["kind"] for row in amazon.ledger()]
    assert kinds.count("captured") == 1
    assert [row["amount"] for row in amazon.ledger("captured")] == [5000]


@pytest.fixture
def agreements(installed: None, start_amazon: Any) -> dict[str, Any]:
    """What the official SDK hears about totals, scopes and recurring charges."""
    amazon = start_amazon(tls=True)
    return run_script("agreements.js", amazon, amazon.settings.public_key_id, "AMZN-PAY-RSASSA-PSS-V2")


def test_the_official_sdk_can_split_scope_and_repeat(agreements: dict[str, Any]) -> None:
    said = agreements
    refused = {name: (a["status"], a["data"]["reasonCode"]) for name, a in said.items() if a["status"] >= 400}
    assert refused == {
        "totalMissing": (409, "AmountMismatch"),
        "totalOther": (409, "AmountMismatch"),
        "thirdParcel": (422, "InvalidChargePermissionStatus"),
        "unknownScope": (400, "InvalidParameterValue"),
        "tooMuch": (400, "PeriodicAmountExceeded"),
        "afterEnd": (422, "InvalidChargePermissionStatus"),
        "onceOnly": (400, "InvalidParameterCombination"),
    }
    seen = {name: answer["data"] for name, answer in said.items()}
    _check_totals(seen)
    _check_scopes(seen)
    _check_cycles(seen)


def _check_totals(seen: dict[str, Any]) -> None:
    assert seen["totalPermission"]["limits"]["amountLimit"]["amount"] == "5480"
    assert seen["descriptor"]["softDescriptor"] == seen["descriptorKept"]["softDescriptor"] == "AMZ*NR-1"
    assert seen["secondParcel"]["statusDetails"]["state"] == "Captured"
    assert seen["secondParcel"]["softDescriptor"] == "AMZ*NR-2"


def _check_scopes(seen: dict[str, Any]) -> None:
    def told(name: str) -> set[str]:
        session = seen[name]
        buyer = {field for field, value in session["buyer"].items() if value is not None}
        return (buyer - {"buyerId"}) | ({"billingAddress"} if session["billingAddress"] else set())

    assert told("unscoped") == {"name", "email"}
    assert told("nameOnly") == {"name"}
    assert told("allScopes") == {"name", "email", "phoneNumber", "billingAddress"}
    assert told("payOnly") == {"name", "email", "phoneNumber", "billingAddress"}
    assert told("giftCard") == {"name", "email"}


def _check_cycles(seen: dict[str, Any]) -> None:
    missing = [each["constraintId"] for each in seen["noFrequency"]["constraints"]]
    assert missing == ["RecurringFrequencyNotSet"]
    permission = seen["recurringPermission"]
    assert permission["chargePermissionId"].startswith("C03-")
    assert permission["chargePermissionType"] == "Recurring"
    assert permission["limits"]["amountLimit"]["amount"] == "100000"
    assert permission["recurringMetadata"]["frequency"] == {"unit": "Month", "value": "1"}
    assert seen["nextCycle"]["statusDetails"]["state"] == "Captured"
    assert seen["nextCycle"]["chargeInitiator"] == "MITR"
    assert seen["nextCycleRepeated"] == seen["nextCycle"]
    assert seen["changed"]["recurringMetadata"]["frequency"] == {"unit": "Week", "value": "2"}
    assert seen["ended"]["statusDetails"]["state"] == "Closed"
    assert seen["ended"]["statusDetails"]["reasons"][0]["reasonCode"] == "BuyerClosed"


REASONS = {
    "early": "InvalidCheckoutSessionStatus",
    "again": "InvalidCheckoutSessionStatus",
    "mismatch": "AmountMismatch",
    "captureChanged": "DuplicateIdempotencyKey",
    "captureTwice": "InvalidChargeStatus",
    "declined": "SoftDeclined",
    "longKey": "InvalidHeaderValue",
    "noKey": "MissingHeaderValue",
    "missing": "ResourceNotFound",
    "stranger": "InvalidRequestSignature",
}
