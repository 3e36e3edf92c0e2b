"""Tables in the forms of other programs, CSV and differences."""

import pytest
from tabulate import tabulate_formats

from automate.render import Screen
from automate.render.columns import table
from automate.render.forms import FORMATS

ROWS = [("a|b", "*/5 * * * *"), ("=c_d", "<b>\x1b[31m</b>")]


def made(form: str) -> str:
    return table(ROWS, ("NAME", "TEXT"), Screen(0.0, form=form))


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_one_of_tabulate(form: str) -> None:
    assert form in tabulate_formats
    assert "\x1b" not in made(form)


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("github", r"| =c_d   | \<b>"),
        ("html", "<td>&lt;b&gt;\\x1b[31m&lt;/b&gt;</td>"),
        ("jira", r"| a\|b   |"),
        ("mediawiki", "a&#124;b"),
        ("orgtbl", r"| a\vert{}b |"),
        ("rst", r"a\|b    \*/5"),
        ("tsv", "'=c_d\t<b>"),
    ],
)
def test_text_does_not_become_markup(form: str, line: str) -> None:
    assert line in made(form)


def test_tsv_has_no_blanks_around_its_values() -> None:
    assert made("tsv").splitlines()[:2] == ["NAME\tTEXT", "a|b\t*/5 * * * *"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_table_without_rows_is_its_header(form: str) -> None:
    assert "NAME" in table([], ("NAME",), Screen(0.0, form=form))
    assert table([], ("NAME",), Screen(0.0, form=form), header=False) == ""
