"""Records to text: tables, durations, colours. Nothing here reads the clock, the environment or a terminal."""

from automate.render.characters import visible, visible_json
from automate.render.screen import COLOURS, Screen, paint, wants_colour

__all__ = ["COLOURS", "Screen", "paint", "visible", "visible_json", "wants_colour"]
