"""Amazon Pay (API v2, Japan): the wallet of Amazon.co.jp, authorized at the order and captured later."""

from payments.methods.amazon_pay.method import AmazonPay

METHOD = AmazonPay
