"""All tables of payments, for migrations and for code that needs the whole database."""

from payments.desk.tables import saved_searches as saved_searches
from payments.metadata import metadata as metadata
from payments.notices.tables import notices as notices
from payments.payment.tables import journal_lines as journal_lines
from payments.payment.tables import order_snapshots as order_snapshots
from payments.payment.tables import order_words as order_words
from payments.payment.tables import payment_history as payment_history
from payments.payment.tables import payment_requests as payment_requests
from payments.payment.tables import payments as payments
from payments.payment.tables import receipts as receipts
from payments.shop.tables import setting_changes as setting_changes
from payments.shop.tables import settings as settings
from payments.shop.tables import shop_settings as shop_settings
from payments.shop.tables import shop_settings_audit as shop_settings_audit
