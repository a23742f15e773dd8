// Hands our signed configuration to Amazon's script, which draws the button or binds 「変更」.
const place = document.getElementById("amazon-pay");
const config = JSON.parse(place.dataset.config);
if (place.dataset.kind === "change") {
  window.amazon.Pay.bindChangeAction("#amazon-pay-change", { ...config, changeAction: "changeAddress" });
} else {
  window.amazon.Pay.renderButton("#amazon-pay", config);
}
