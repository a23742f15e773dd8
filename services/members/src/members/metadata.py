"""The metadata that all tables of members belong to."""

from sqlalchemy import DateTime, MetaData

metadata = MetaData()
MOMENT = DateTime(timezone=True)
