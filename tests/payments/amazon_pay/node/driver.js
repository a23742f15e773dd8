// What the scripts share: Amazon's own SDK pointed at the simulator, and the demo's buyer clicking on.
// The arguments of every script: <host:port> <private key file> <public key id> <algorithm>
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";

const require = createRequire(import.meta.url);
const { WebStoreClient } = require("@amazonpay/amazon-pay-api-sdk-nodejs");
export const [host, keyFile, publicKeyId, algorithm] = process.argv.slice(2);
const config = {
  publicKeyId, algorithm, region: "jp", sandbox: true,
  privateKey: readFileSync(keyFile, "utf8"), overrideServiceUrl: host,
};
export const client = new WebStoreClient(config);
export const strangeClient = (privateKey) => new WebStoreClient({ ...config, privateKey });
export const key = () => ({ "X-Amz-Pay-Idempotency-Key": randomUUID().replaceAll("-", "") });
export const yen = (amount) => ({ amount: String(amount), currencyCode: "JPY" });
export const said = {};

export async function call(name, promise) {
  const seen = await promise.then(
    (answer) => answer,
    (error) => { if (!error.response) throw error; return error.response; },
  );
  said[name] = { status: seen.status, requestId: seen.headers["x-amz-pay-request-id"], data: seen.data };
  return seen.data;
}

export async function submit(path, fields) {
  const body = new URLSearchParams(fields);
  const answer = await fetch(new URL(path, `https://${host}`), { method: "POST", body, redirect: "manual" });
  return answer.headers.get("location");
}

export async function agree(session) {
  const answer = await fetch(session.webCheckoutDetails.amazonPayRedirectUrl, { redirect: "manual" });
  return answer.headers.get("location");
}

export const payload = {
  webCheckoutDetails: { checkoutReviewReturnUrl: "https://shop.example.jp/review" },
  storeId: "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef",
};
