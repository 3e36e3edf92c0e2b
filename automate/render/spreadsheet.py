"""Records as CSV (RFC 4180), for spreadsheets."""

import csv
import io
import json
from collections.abc import Iterable

from msgspec.structs import asdict

from automate.characters import visible_json, visible_lines
from automate.run import Record, RecordedPause

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Characters with which a spreadsheet begins a formula, so that a task's text could run as a program."""


CRLF = "\r\n"


def csv_header() -> str:
    """Return the names of the columns: a record's fields."""
    return _lines([Record.__struct_fields__])


def csv_rows(records: Iterable[Record]) -> str:
    """Return a line for each record, in their order, ended by CR LF.

    Text that a spreadsheet would calculate gets an apostrophe before it; numbers and times never begin like that. A
    `summary` that is not text is JSON.
    """
    return _lines([_cell(getattr(record, field)) for field in Record.__struct_fields__] for record in records)


def _lines(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=CRLF).writerows(rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, RecordedPause):
        value = asdict(value)
    if isinstance(value, dict | list | tuple | bool):
        return visible_json(json.dumps(value, ensure_ascii=False))
    if not isinstance(value, str):
        return value
    plain = visible_lines(value)
    return f"'{plain}" if plain.startswith(FORMULA) else plain
