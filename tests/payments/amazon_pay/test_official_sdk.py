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


@pytest.mark.parametrize("algorithm", ["AMZN-PAY-RSASSA-PSS", "AMZN-PAY-RSASSA-PSS-V2"])
@pytest.mark.parametrize("key_id", ["SANDBOX-NORENDEMONORENDEMO000001", "NORENDEMONORENDEMO000001"])
def test_the_official_sdk_is_satisfied(
    installed: None, start_amazon: Any, algorithm: str, key_id: str
) -> None:
    amazon = start_amazon(tls=True, public_key_id=key_id)
    host = amazon.url.removeprefix("https://")
    command = ["node", "check.js", host, str(amazon.key_file), key_id, algorithm]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)

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
