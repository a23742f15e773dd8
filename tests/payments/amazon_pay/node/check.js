// Drives the simulator with Amazon's own SDK and prints what came back, one JSON document.
// Usage: node check.js <host:port> <private key file> <public key id> <algorithm>
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";

const require = createRequire(import.meta.url);
const { WebStoreClient } = require("@amazonpay/amazon-pay-api-sdk-nodejs");
const [host, keyFile, publicKeyId, algorithm] = process.argv.slice(2);
const config = {
  publicKeyId, algorithm, region: "jp", sandbox: true,
  privateKey: readFileSync(keyFile, "utf8"), overrideServiceUrl: host,
};
const client = new WebStoreClient(config);
const key = () => ({ "X-Amz-Pay-Idempotency-Key": randomUUID().replaceAll("-", "") });
const yen = (amount) => ({ amount: String(amount), currencyCode: "JPY" });
const said = {};

async function call(name, promise) {
  const seen = await promise.then(
    (answer) => answer,
    (error) => { if (!error.response) throw error; return error.response; },
  );
  said[name] = { status: seen.status, requestId: seen.headers["x-amz-pay-request-id"], data: seen.data };
  return seen.data;
}

async function submit(path, fields) {
  const body = new URLSearchParams(fields);
  const answer = await fetch(new URL(path, `https://${host}`), { method: "POST", body, redirect: "manual" });
  return answer.headers.get("location");
}

const payload = {
  webCheckoutDetails: { checkoutReviewReturnUrl: "https://shop.example.jp/review" },
  storeId: "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef",
};
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
const processed = await fetch(updated.webCheckoutDetails.amazonPayRedirectUrl, { redirect: "manual" });
said.result = processed.headers.get("location");
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
const stranger = require("node:crypto").generateKeyPairSync("rsa", {
  modulusLength: 2048, publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
await call("stranger",
  new WebStoreClient({ ...config, privateKey: stranger.privateKey }).getCharge(completed.chargeId));
console.log(JSON.stringify(said));
