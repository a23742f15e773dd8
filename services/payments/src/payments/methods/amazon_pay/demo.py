"""The merchant account of the demo, the default of a shop that calls the simulator.

It contains no secret: the set-up makes the key pair.
"""

MERCHANT_ID = "A1NORENDEMO"
STORE_ID = "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef"
PUBLIC_KEY_ID = "SANDBOX-NORENDEMONORENDEMO000001"
TOPIC_ARN = "arn:aws:sns:ap-northeast-1:000000000000:NorenDemo"
