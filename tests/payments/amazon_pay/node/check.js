// One order, its captures, refunds and refusals. Prints what came back as one JSON document.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { agree, algorithm, call, client, key, payload, publicKeyId, said, strangeClient, submit, yen }
  from "./driver.js";

const created = await call("create", client.createCheckoutSession(payload, key()));
const session = created.checkoutSessionId;
await submit(`/checkout/${session}/account`, { account: "hanako" });
said.review = await submit(`/checkout/${session}/review`,
  { do: "continue", address: "hanako-parents", instrument: "visa" });
await call("get", client.getCheckoutSession(session, {}));
await call("decimals", client.updateCheckoutSession(session,
  { paymentDetails: { paymentIntent: "Authorize", chargeAmount: { amount: "64615.90", currencyCode: "JPY" } } }));
await call("early", client.completeCheckoutSession(session, { chargeAmount: yen(5480) }));
const updated = await call("update", client.updateCheckoutSession(session, {
  webCheckoutDetails: { checkoutResultReturnUrl: "https://shop.example.jp/result" },
  paymentDetails: { paymentIntent: "Authorize", chargeAmount: yen(5480) },
  merchantMetadata: { merchantReferenceId: "JP-2026-000481", noteToBuyer: "ご注文ありがとうございます" },
}));
said.result = await agree(updated);
await call("mismatch", client.completeCheckoutSession(session, { chargeAmount: yen(5481) }));
const completed = await call("complete", client.completeCheckoutSession(session, { chargeAmount: yen(5480) }));
await call("again", client.completeCheckoutSession(session, { chargeAmount: yen(5480) }));
await call("permission", client.getChargePermission(completed.chargePermissionId));
await call("charge", client.getCharge(completed.chargeId));
const once = key();
await call("capture", client.captureCharge(completed.chargeId, { captureAmount: yen(5000) }, once));
await call("captureRepeated", client.captureCharge(completed.chargeId, { captureAmount: yen(5000) }, once));
await call("captureChanged", client.captureCharge(completed.chargeId, { captureAmount: yen(4999) }, once));
await call("captureTwice", client.captureCharge(completed.chargeId, { captureAmount: yen(1) }, key()));
const refund = await call("refund", client.createRefund(
  { chargeId: completed.chargeId, refundAmount: yen(1000) }, key()));
await call("getRefund", client.getRefund(refund.refundId));
const further = await call("furtherCharge", client.createCharge(
  { chargePermissionId: completed.chargePermissionId, chargeAmount: yen(480), captureNow: false }, key()));
await call("cancel", client.cancelCharge(further.chargeId, { cancellationReason: "お客様のご都合" }));
await call("declined", client.createCharge(
  { chargePermissionId: completed.chargePermissionId, chargeAmount: yen(480) },
  { ...key(), "x-amz-pay-simulation-code": "SoftDeclined" }));
await call("longKey", client.createCharge(
  { chargePermissionId: completed.chargePermissionId, chargeAmount: yen(1) },
  { "x-amz-pay-idempotency-key": randomUUID() }));
await call("noKey", client.createCharge({ chargePermissionId: completed.chargePermissionId, chargeAmount: yen(1) }));
await call("close", client.closeChargePermission(completed.chargePermissionId, { closureReason: "終了" }));
await call("missing", client.getCharge("S03-0000000-0000000-C000000"));
const signIn = JSON.stringify({
  signInReturnUrl: "https://shop.example.jp/signin", storeId: payload.storeId, signInScopes: ["name", "email"],
});
const start = await submit("/signin",
  { payloadJSON: signIn, signature: client.generateButtonSignature(signIn), publicKeyId, algorithm });
const arrived = new URL(await submit(start, { account: "ichiro" }));
await call("buyer", client.getBuyer(arrived.searchParams.get("buyerToken")));
const stranger = generateKeyPairSync("rsa", {
  modulusLength: 2048, publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
await call("stranger", strangeClient(stranger.privateKey).getCharge(completed.chargeId));
console.log(JSON.stringify(said));
