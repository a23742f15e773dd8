"""The table of saved searches of staff."""

from notifications.metadata import metadata
from shared.shop.saved_searches.tables import saved_searches_table

saved_searches = saved_searches_table(metadata)
