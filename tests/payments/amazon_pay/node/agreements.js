// What a buyer agrees to beyond one payment of one amount: totals, scopes, recurring charges.
import { agree, call, client, key, payload, said, submit, yen } from "./driver.js";

async function begin(more, instrument = "visa") {
  const { data } = await client.createCheckoutSession({ ...payload, ...more }, key());
  await submit(`/checkout/${data.checkoutSessionId}/account`, { account: "hanako" });
  await submit(`/checkout/${data.checkoutSessionId}/review`,
    { do: "continue", address: "hanako-home", instrument });
  return data.checkoutSessionId;
}

async function wish(session, paymentDetails, more = {}) {
  const { data } = await client.updateCheckoutSession(session, {
    webCheckoutDetails: { checkoutResultReturnUrl: "https://shop.example.jp/result" },
    paymentDetails: { paymentIntent: "Authorize", ...paymentDetails }, ...more,
  });
  return data;
}

const parts = await begin({});
await agree(await wish(parts, { chargeAmount: yen(3000), totalOrderAmount: yen(5480) }));
await call("totalMissing", client.completeCheckoutSession(parts, { chargeAmount: yen(3000) }));
await call("totalOther", client.completeCheckoutSession(parts,
  { chargeAmount: yen(3000), totalOrderAmount: yen(5481) }));
const split = await call("total", client.completeCheckoutSession(parts,
  { chargeAmount: yen(3000), totalOrderAmount: yen(5480) }));
await call("totalPermission", client.getChargePermission(split.chargePermissionId));
await call("descriptor", client.captureCharge(split.chargeId,
  { captureAmount: yen(3000), softDescriptor: "NR-1" }, key()));
await call("descriptorKept", client.getCharge(split.chargeId));
await call("secondParcel", client.createCharge({ chargePermissionId: split.chargePermissionId,
  chargeAmount: yen(2480), captureNow: true, softDescriptor: "NR-2" }, key()));
await call("thirdParcel", client.createCharge(
  { chargePermissionId: split.chargePermissionId, chargeAmount: yen(1) }, key()));

await call("unscoped", client.getCheckoutSession(await begin({}), {}));
await call("nameOnly", client.getCheckoutSession(await begin({ scopes: ["name"] }), {}));
await call("allScopes", client.getCheckoutSession(
  await begin({ scopes: ["name", "email", "phoneNumber", "billingAddress"] }), {}));
await call("payOnly", client.getCheckoutSession(await begin({ productType: "PayOnly" }), {}));
await call("giftCard", client.getCheckoutSession(await begin({ productType: "PayOnly" }, "gift"), {}));
await call("unknownScope", client.createCheckoutSession({ ...payload, scopes: ["birthday"] }, key()));

const monthly = { frequency: { unit: "Month", value: "1" }, amount: yen(980) };
const recurring = await begin({ chargePermissionType: "Recurring" });
await call("noFrequency", wish(recurring, { chargeAmount: yen(980) }).then(
  (data) => ({ status: 200, headers: {}, data })));
await agree(await wish(recurring, { chargeAmount: yen(980) }, { recurringMetadata: monthly }));
const agreed = await call("recurring", client.completeCheckoutSession(recurring, { chargeAmount: yen(980) }));
const permission = agreed.chargePermissionId;
await call("recurringPermission", client.getChargePermission(permission));
await call("firstCycle", client.captureCharge(agreed.chargeId, { captureAmount: yen(980) }, key()));
const again = key();
const cycle = { chargePermissionId: permission, chargeAmount: yen(980), captureNow: true, chargeInitiator: "MITR" };
await call("nextCycle", client.createCharge(cycle, again));
await call("nextCycleRepeated", client.createCharge(cycle, again));
await call("tooMuch", client.createCharge({ chargePermissionId: permission, chargeAmount: yen(98041) }, key()));
await call("changed", client.updateChargePermission(permission,
  { recurringMetadata: { frequency: { unit: "Week", value: "2" }, amount: null } }));
await submit(`/console/charges/${agreed.chargeId}`, { do: "end" });
await call("ended", client.getChargePermission(permission));
await call("afterEnd", client.createCharge(cycle, key()));
await call("onceOnly", client.createCheckoutSession({ ...payload, recurringMetadata: monthly }, key()));
console.log(JSON.stringify(said));
