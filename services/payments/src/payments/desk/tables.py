"""The table of the searches that staff saved."""

from payments.metadata import metadata
from shared.shop.saved_searches.tables import saved_searches_table

saved_searches = saved_searches_table(metadata)
