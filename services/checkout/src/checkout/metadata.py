"""The metadata that all tables of checkout belong to, with the outbox and the inbox."""

from sqlalchemy import MetaData

from shared.inbox import inbox_table
from shared.outbox import outbox_table

metadata = MetaData()
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
