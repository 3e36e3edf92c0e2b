"""Lines of crontabs: jobs, variables, comments, and what no cron reads."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from automate.crontab.lines import assignment
from automate.crontab.parser import doubtful, read
from tests.crontab.crontabs import ANACRONTAB, DEBIAN_SYSTEM, DEBIAN_USER, PACKAGES


def jobs(text: str, form="user"):
    return read(text.encode(), form).jobs


def only(text: str, form="user"):
    (job,) = jobs(text, form)
    return job


NOTHING = frozenset[str]().__contains__


def mistake(text: str, form="user"):
    (found,) = read(text.encode(), form).mistakes
    return found


@pytest.mark.parametrize(
    ("line", "pair"),
    [
        ("A=b", ("A", "b")),
        (" A = b  c ", ("A", "b  c")),
        ('A="  b # c "', ("A", "  b # c ")),
        ("'A' = 'b\"c'  ", ("A", 'b"c')),
        ('A=""', ("A", "")),
        ("A=", ("A", "")),
        ("A=b=c # d", ("A", "b=c # d")),
        ("PATH=$HOME/bin:$PATH", ("PATH", "$HOME/bin:$PATH")),
        ('A="b" c', None),
        ("A='b", None),
        ("A b=c", None),
        ("=b", None),
        ("* * * * * A=b", None),
    ],
)
def test_variables_are_read_as_cron_reads_them(line: str, pair: tuple[str, str] | None) -> None:
    assert assignment(line) == pair


def cron_accepts(text: str, tmp_path: Path):
    file = tmp_path / "crontab"
    file.write_text(text)
    done = subprocess.run(["crontab", "-n", file], capture_output=True, check=False)
    return done.returncode == 0


# Debian's parser stops at the first character that cannot belong to a field and passes over the rest (`5.5`, `0~5`).
VARIABLES = [
    "A=b",
    "A = b",
    'A=""',
    'A="b" c',
    "A='b",
    '"A"=b',
    "A b=c",
    "'A=b",
    "A",
    "A='b'  ",
    "1=2",
    'A="b\'c"',
    "A=b'",
]


@pytest.mark.parametrize("line", VARIABLES)
def test_debian_takes_the_same_lines_for_variables(line: str, tmp_path: Path) -> None:
    assert (assignment(line) is not None) == cron_accepts(f"{line}\n", tmp_path)


fields = st.tuples(
    *(
        st.sampled_from(
            ["*", f"*/{high // 2}", "1", f"1-{high}", f"1-{high}/2", "1,2", f"{high}", f"{high + 1}", "x", ""]
        )
        for high in (59, 23, 31, 12, 7)
    )
).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(fields)
@example("*/60 */24 5-5 1,* mon-fri")
@example("@daily ")
@example("@Daily ")
@example("0 0 1 jan sun")
@example("* * * * monday")
@example("5/15 * * * *")
@example("* * * *,0 1")
@example("* * * * *,8")
def test_debian_accepts_every_job_that_we_read(fields: Any) -> None:
    line = f"{fields} true"
    if jobs(line):
        path = f"/tmp/.crontab.{os.getpid()}"
        try:
            with open(path, "w") as file:
                file.write(line + "\n")
            assert subprocess.run(["crontab", "-n", path], capture_output=True, check=False).returncode == 0
        finally:
            os.unlink(path)


@pytest.mark.parametrize(
    ("written", "schedule"),
    [
        ("5-5 * * * *", "5-5 * * * *"),
        ("*,5 * * * *", "*,5 * * * *"),
        ("5,* 1 * * *", "5,* 1 * * *"),
        ("005 * * * *", "005 * * * *"),
        ("0-10/20 * * * *", "0-10/20 * * * *"),
        ("* */24 * * *", "* */24 * * *"),
        ("* * */32 * mon", "* * */32 * mon"),
        ("* * 1 */13 *", "* * 1 */13 *"),
        ("0~30 5 * * *", "H(0-30) 5 * * *"),
        ("~ 5 * * *", "H(0-59) 5 * * *"),
        ("-*/5 * * * *", "*/5 * * * *"),
        ("@reboot", "@reboot"),
        ("0 0 * * MON", "0 0 * * MON"),
    ],
)
def test_a_schedule_stays_as_it_was_written(written: str, schedule: str) -> None:
    assert only(f"{written} true").schedule == schedule


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("61 * * * * x", 1, "`61` is not a minute"),
        ("* *  * * monday x", 10, "did you mean `mon`"),
        ("  0 22-2 * * * x", 5, "a range goes from low to high"),
        ("5/15 * * * * x", 1, "a step needs a range"),
        ("5.5 * * * * x", 1, "cannot read `5.5`"),
        ("0 0 31 2 * x", 5, "never comes"),
        ("just words", 1, "neither a job nor a variable"),
        ("@every 5m x", 1, "unknown macro"),
        ("* * * * *", 10, "no command"),
        ("* * * * * x\r", 12, "dos2unix"),
        ("* * * * * * x", 11, "a sixth field"),
        ("0 0 12 * * ? x", 12, "a sixth field, `?`"),
        ("30 2 * * 1 2026 x", 12, "a sixth field, `2026`"),
        ("0 0 12 1 * MON-FRI x", 12, "a sixth field, `MON-FRI`"),
        ("at 5 a.m every week with x", 1, "neither a job nor a variable"),
        ("* * * * *,8 x", 11, "`8` is not a day of week"),
    ],
)
def test_a_line_that_no_cron_reads_is_told_with_its_place(line: str, column: int, message: str) -> None:
    found = mistake(f"# c\n{line}\n")
    assert (found.line, found.column) == (2, column)
    assert message in found.message


def test_what_is_not_utf_8_is_told() -> None:
    (found,) = read(b"* * * * * echo \xff\n", "user").mistakes
    assert (found.column, found.message) == (16, r"not UTF-8: '\udcff'")


def test_the_rest_goes_on_after_a_wrong_line() -> None:
    found = read(b"nope\n* * * * * x\n", "user")
    assert (len(found.jobs), len(found.mistakes)) == (1, 1)


def test_a_variable_holds_for_the_lines_below_it() -> None:
    first, second, third = jobs("0 0 * * * a\nA=b\n0 0 * * * b\nA=c\n0 0 * * * c\n")
    assert [dict(job.variables) for job in (first, second, third)] == [{}, {"A": "b"}, {"A": "c"}]


def test_the_system_form_has_a_user() -> None:
    job = only("0 0 * * *\troot\tcd / && x\n", "system")
    assert (job.user, job.command, job.column) == ("root", "cd / && x", 16)


def test_a_line_of_the_system_form_without_a_user_is_told() -> None:
    assert "no user" in mistake("0 0 * * *", "system").message


def test_comments_above_a_job_are_its_description() -> None:
    text = "# far\n\n# Nightly dump\n# of all databases\nA=b\n# two\n0 0 * * * x\n"
    assert only(text).description == "two"
    assert only("# far\n\n# Nightly dump\n# of all\n0 0 * * * x\n").description == "Nightly dump of all"


def test_headings_and_rulers_are_no_description() -> None:
    assert [job.description for job in jobs(DEBIAN_SYSTEM, "system")] == ["", "", ""]
    assert only(DEBIAN_USER).description == ""
    assert only("# DO NOT EDIT THIS FILE - edit the master and reinstall.\n0 0 * * * x").description == ""
    assert only("# -----\n# Dump\n# -----\n0 0 * * * x").description == "Dump"


def test_a_job_behind_a_hash_is_noted_as_disabled() -> None:
    (job,) = read(DEBIAN_USER.encode(), "user").disabled
    assert (job.line, job.schedule, job.command) == (5, "0 5 * * 1", "tar -zcf /var/backups/home.tgz /home/")
    assert not job.enabled


def test_the_example_in_a_heading_is_no_job() -> None:
    assert read(DEBIAN_SYSTEM.encode(), "system").disabled == ()


def test_a_last_line_without_a_newline_is_told_of() -> None:
    assert "no newline" in only("0 0 * * * x").notes[0]
    assert only("0 0 * * * x\n").notes == ()


def test_the_packages_of_debian_are_read_without_a_mistake() -> None:
    found = read(PACKAGES.encode(), "system")
    assert found.mistakes == ()
    assert [job.user for job in found.jobs] == ["root", "root", "root", "www-data"]


def test_an_anacrontab_is_read() -> None:
    found = read(ANACRONTAB.encode(), "anacron")
    assert found.mistakes == ()
    assert [(job.name, job.schedule) for job in found.jobs] == [
        ("cron.daily", "daily at 03:05"),
        ("cron.weekly", "every week on monday at 03:25"),
        ("cron.monthly", "monthly on the 1st at 03:45"),
    ]


@pytest.mark.parametrize(
    ("line", "schedule"),
    [
        ("1 5 a b", "daily at 07:35"),
        ("10 0 a b", "every 10 days at 07:30"),
        ("@yearly 60 a b", "yearly on 1 jan at 08:30"),
        ("7 1500 a b", "every week on monday at 08:30"),
    ],
)
def test_anacron_without_hours_is_due_when_debian_starts_it(line: str, schedule: str) -> None:
    assert only(line, "anacron").schedule == schedule


@pytest.mark.parametrize("line", ["x 5 a b", "1 x a b", "0 5 a b", "1 5 a", "@hourly 5 a b"])
def test_what_anacron_does_not_read_is_told(line: str) -> None:
    assert mistake(line, "anacron").column == 1


def test_the_form_is_in_doubt_where_the_command_could_be_a_user() -> None:
    assert doubtful(b"0 0 * * * x\n0 0 * * * mail root\n", {"mail"}.__contains__, NOTHING) == (2, "mail")
    assert doubtful(b"0 0 * * * x\n", {"mail"}.__contains__, NOTHING) is None
    assert doubtful(b"0 0 * * * mail -n x\n", {"mail"}.__contains__, NOTHING) == (1, "mail")


def test_a_word_before_an_option_is_the_command() -> None:
    assert doubtful(b"0 0 * * * mail -s x root\n", {"mail"}.__contains__, NOTHING) is None


@pytest.mark.parametrize(
    ("command", "is_in_doubt"),
    [
        ("shop /srv/shop/cron.php", True),
        ("shop cat x", True),
        ("restic backup /srv", False),
        ("cat /etc/motd", False),
        ("python3.12 /srv/x.py", False),
        ("nice /srv/x", False),
        ("A=1 /srv/x", False),
        ("x", False),
    ],
)
def test_a_word_that_no_program_has_may_be_a_user_of_another_host(command: str, is_in_doubt: bool) -> None:
    assert bool(doubtful(f"0 0 * * * {command}\n".encode(), NOTHING, {"cat"}.__contains__)) == is_in_doubt


@given(st.binary(max_size=200), st.sampled_from(["user", "system", "anacron"]))
def test_anything_can_be_read(data: Any, form: Any) -> None:
    read(data, form)


def test_an_option_of_cronie_is_no_part_of_the_command() -> None:
    job = only("0 5 * * * -n -q backup\n")
    assert (job.command, job.column) == ("backup", 17)
    assert "`-n -q` is dropped" in job.notes[0]


def test_what_is_hardly_meant_is_noted() -> None:
    assert only("*/60 * * * * x\n").notes == ("`*/60` is minute 0 only; write `0` or `every 60 minutes`",)
