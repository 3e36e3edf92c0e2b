"""Records to text: tables, durations, colours. Nothing here reads the clock, the environment or a terminal."""

from automate.characters import as_shown, visible, visible_json, visible_lines
from automate.render.columns import cut, table, text_width
from automate.render.figures import NOTHING, duration, own_time, relative, size, when
from automate.render.forms import json_document, json_lines, shown_json
from automate.render.screen import COLOURS, Painted, Screen, joined, paint, wants_colour

__all__ = [
    "COLOURS",
    "NOTHING",
    "Painted",
    "Screen",
    "as_shown",
    "cut",
    "duration",
    "joined",
    "json_document",
    "json_lines",
    "own_time",
    "paint",
    "relative",
    "shown_json",
    "size",
    "table",
    "text_width",
    "visible",
    "visible_json",
    "visible_lines",
    "wants_colour",
    "when",
]
