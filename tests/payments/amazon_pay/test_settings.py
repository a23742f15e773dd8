"""Settings that mix live and sandbox stop the process at its start."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from payments.methods.amazon_pay.settings import AmazonPaySettings

KEY_FILE = Path("key.pem")
OWN = {
    "merchant_id": "A1",
    "store_id": "amzn1.application-oa2-client.1",
    "topic_arns": frozenset({"arn:aws:sns:ap-northeast-1:1:x"}),
}


def test_a_simulator_outside_the_sandbox_is_refused() -> None:
    with pytest.raises(ValidationError, match="SANDBOX=true"):
        AmazonPaySettings(url="http://127.0.0.1:8201", private_key_file=KEY_FILE, sandbox=False)


def test_a_live_key_in_the_sandbox_is_refused() -> None:
    with pytest.raises(ValidationError, match="live key"):
        AmazonPaySettings(private_key_file=KEY_FILE, sandbox=True, public_key_id="LIVE-A", **OWN)  # type: ignore[arg-type]


def test_a_sandbox_key_in_live_is_refused() -> None:
    with pytest.raises(ValidationError, match="sandbox key"):
        AmazonPaySettings(private_key_file=KEY_FILE, sandbox=False, public_key_id="SANDBOX-A", **OWN)  # type: ignore[arg-type]


def test_amazon_itself_wants_an_account_of_ours() -> None:
    with pytest.raises(ValidationError, match=r"AMAZON_PAY_MERCHANT_ID, .* must be set"):
        AmazonPaySettings(private_key_file=KEY_FILE, sandbox=True)


@pytest.mark.parametrize(
    ("key_id", "sandbox", "path"),
    [
        ("LIVE-A", False, "/v2"),
        ("SANDBOX-A", True, "/v2"),
        ("A", True, "/sandbox/v2"),
        ("A", False, "/live/v2"),
    ],
)
def test_the_path_tells_the_environment_when_the_key_does_not(key_id: str, sandbox: bool, path: str) -> None:
    settings = AmazonPaySettings(
        private_key_file=KEY_FILE,
        sandbox=sandbox,
        public_key_id=key_id,
        **OWN,  # type: ignore[arg-type]
    )

    assert settings.version_path == path
    assert not settings.simulated
