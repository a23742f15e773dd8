"""Keys are made once and kept."""

import json
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from deploy.keys import make_keys
from shared.shop.statements import Verifier

SERVICES = ["members", "payments"]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_making_keys_again_changes_nothing(tmp_path: Path) -> None:
    make_keys(tmp_path, SERVICES)
    before = contents(tmp_path)
    make_keys(tmp_path, SERVICES)
    assert contents(tmp_path) == before


def test_a_service_more_keeps_the_keys_of_the_others(tmp_path: Path) -> None:
    make_keys(tmp_path, SERVICES)
    before = json.loads((tmp_path / "trusted.json").read_text())["keys"]
    make_keys(tmp_path, [*SERVICES, "checkout"])
    after = json.loads((tmp_path / "trusted.json").read_text())["keys"]
    assert after[:2] == before
    assert [key["kid"] for key in after] == [*SERVICES, "checkout"]


def test_private_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    make_keys(tmp_path, SERVICES)
    private = [*tmp_path.glob("*/signing.pem"), tmp_path / "amazon_pay/merchant.pem"]
    assert len(private) == len(SERVICES) + 1
    assert {file.stat().st_mode & 0o777 for file in private} == {0o600}


def test_the_sandbox_gets_the_public_half_of_the_merchants_key(tmp_path: Path) -> None:
    make_keys(tmp_path, SERVICES)
    private = load_pem_private_key((tmp_path / "amazon_pay/merchant.pem").read_bytes(), password=None)
    public = load_pem_public_key((tmp_path / "amazon_pay/merchant.pub.pem").read_bytes())
    assert private.public_key() == public


def test_the_services_can_read_the_key_set(tmp_path: Path) -> None:
    make_keys(tmp_path, SERVICES)
    Verifier(json.loads((tmp_path / "trusted.json").read_text()))
