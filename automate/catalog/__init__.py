"""The tasks of an instance: from their files, or from the parse cache while a file is as it was.

`catalog` answers for names and globs, `entry` is a row of a listing, `parse_cache` reads one file, `settings` the
settings. Listing 10,000 unchanged tasks is to cost little more than looking at their files, so nothing heavy is
imported here.
"""

from automate.catalog.catalog import Catalog
from automate.catalog.entry import Entry

__all__ = ["Catalog", "Entry"]
