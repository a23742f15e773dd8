"""The merchant account of the demo: what a shop that talks to the simulator need not be told.

No secret is here: the key pair is made at set-up.
"""

MERCHANT_ID = "A1NORENDEMO"
STORE_ID = "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef"
PUBLIC_KEY_ID = "SANDBOX-NORENDEMONORENDEMO000001"
TOPIC_ARN = "arn:aws:sns:ap-northeast-1:000000000000:NorenDemo"
