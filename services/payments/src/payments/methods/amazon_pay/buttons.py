"""Signed payloads of the buttons, and how a browser gets to Amazon's pages.

Only Amazon's script opens Amazon's own pages. A simulator accepts the same payload in the address, so that the demo
works without JavaScript.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from payments.methods.amazon_pay.settings import AmazonPaySettings

SIGN_IN_SCOPES = ["name", "email", "postalCode", "shippingAddress", "phoneNumber"]


@dataclass(frozen=True, slots=True)
class Buttons:
    """Makes what a browser needs to leave for Amazon."""

    settings: AmazonPaySettings

    def checkout(self, *, review_url: str, cancel_url: str) -> dict[str, object]:
        """Return the configuration of the button 「amazon pay」. The buyer comes back to `review_url`."""
        payload = {
            "webCheckoutDetails": {"checkoutReviewReturnUrl": review_url, "checkoutCancelUrl": cancel_url},
            "storeId": self.settings.store_id,
            "scopes": ["name", "email", "phoneNumber"],
            "chargePermissionType": "OneTime",
        }
        return self._common("PayAndShip", "Cart") | {"createCheckoutSessionConfig": self._signed(payload)}

    def sign_in(self, *, return_url: str, cancel_url: str) -> dict[str, object]:
        """Return the configuration of 「Amazonアカウントでログインする」. The return carries a buyer token."""
        payload = {
            "signInReturnUrl": return_url,
            "signInCancelUrl": cancel_url,
            "storeId": self.settings.store_id,
            "signInScopes": SIGN_IN_SCOPES,
        }
        return self._common("SignIn", "Other") | {"signInConfig": self._signed(payload)}

    def simulator_address(self, config: dict[str, object]) -> str:
        """Return the address at which the simulator accepts the same payload without a script."""
        signing_in = "signInConfig" in config
        signed = config["signInConfig" if signing_in else "createCheckoutSessionConfig"]
        assert isinstance(signed, dict)
        query = urlencode({**signed, "productType": config["productType"]})
        return f"{self.settings.pages_url}/{'signin' if signing_in else 'checkout'}?{query}"

    def simulator_change_address(self, session_id: str) -> str:
        """Return the address to which 「変更」 leads in the simulator."""
        query = urlencode({"amazonCheckoutSessionId": session_id, "changeAction": "changeAddress"})
        return f"{self.settings.pages_url}/checkout/change?{query}"

    def _common(self, product_type: str, placement: str) -> dict[str, object]:
        return {
            "merchantId": self.settings.merchant_id,
            "publicKeyId": self.settings.public_key_id,
            "ledgerCurrency": "JPY",
            "checkoutLanguage": "ja_JP",
            "productType": product_type,
            "placement": placement,
            "sandbox": self.settings.sandbox,
        }

    def _signed(self, payload: Mapping[str, object]) -> dict[str, str]:
        """Return the payload with its signature. The browser must get exactly the signed bytes."""
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        return {
            "payloadJSON": text,
            "signature": self.settings.signer.payload_signature(text),
            "algorithm": self.settings.algorithm,
            "publicKeyId": self.settings.public_key_id,
        }
