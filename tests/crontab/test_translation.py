"""Jobs as keys of task files: the same, and what is told of the rest."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.crontab.modernizing import modernized
from automate.crontab.parser import read
from automate.crontab.translation import translated
from automate.units import Duration
from tests.crontab.crontabs import ANACRONTAB


def task(text: str, form="user", user=None):
    (job,) = read(text.encode(), form, user).jobs
    return translated(job)


def keys(text: str, **how):
    return task(text, **how).keys


def modern(command: str, *others, within="/bin/sh"):
    done = task(f"SHELL={within}\n0 0 * * * {command}\n")
    return modernized(done, [done.keys["command"], *others])


def test_a_job_does_what_cron_did() -> None:
    assert keys("0 2 * * * x\n") == {
        "command": "x",
        "schedule": "0 2 * * *",
        "env": {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"},
        "overlap": "allow",
        "missed": "skip",
    }


def test_variables_become_keys_and_stay_variables() -> None:
    found = keys("SHELL=/bin/bash\nHOME=/srv\nPATH=/x\nTZ=UTC\nMAILTO=a\n0 2 * * * x\n")
    assert (found["shell"], found["cwd"]) == ("/bin/bash", "/srv")
    assert found["env"] == {"SHELL": "/bin/bash", "HOME": "/srv", "PATH": "/x", "TZ": "UTC", "MAILTO": "a"}
    assert "timezone" not in found


def test_cronies_variables_become_keys() -> None:
    done = task("CRON_TZ=Asia/Tokyo\nRANDOM_DELAY=6\n0 2 * * * x\n")
    assert (done.keys["timezone"], done.keys["jitter"]) == ("Asia/Tokyo", Duration(360))
    assert done.keys["env"].keys() == {"PATH", "SHELL"}
    assert [note.split()[0] for note in done.notes] == ["CRON_TZ", "RANDOM_DELAY"]


def test_a_second_zone_holds_from_there_on() -> None:
    jobs = read(b"CRON_TZ=Asia/Tokyo\n0 2 * * * x\nCRON_TZ=UTC\n0 2 * * * x\n", "user").jobs
    assert [translated(job).keys["timezone"] for job in jobs] == ["Asia/Tokyo", "UTC"]


def test_percent_signs_become_standard_input() -> None:
    found = keys("0 2 * * * mail -s 5\\% root%a%b\n")
    assert (found["command"], found["stdin"]) == ("mail -s 5% root", "a\nb\n")


def test_mail_that_nobody_gets_is_told_of() -> None:
    assert "no mail is sent" in task("MAILTO=root\n0 2 * * * x\n").notes[0]
    assert task('MAILTO=""\n0 2 * * * x\n').notes == ()


def test_the_user_is_that_of_the_line_or_of_the_file() -> None:
    assert keys("0 2 * * * bin x\n", form="system")["user"] == "bin"
    assert keys("0 2 * * * bin x\n", user="alice")["user"] == "alice"


def test_anacrons_jobs_are_made_up_for_and_do_not_overlap() -> None:
    jobs = [translated(job) for job in read(ANACRONTAB.encode(), "anacron").jobs]
    assert [job.name for job in jobs] == ["cron.daily", "cron.weekly", "cron.monthly"]
    assert jobs[0].keys["missed"] == "once"
    assert jobs[0].keys["overlap"] == "skip"
    assert jobs[0].keys["jitter"] == Duration(2700)
    assert jobs[0].keys["command"] == "nice run-parts /etc/cron.daily"


@pytest.mark.parametrize(
    ("command", "left", "said"),
    [
        ("nice x a", "x a", {"nice": 10}),
        ("nice -n 19 x", "x", {"nice": 19}),
        ("/usr/bin/nice -5 x", "x", {"nice": 5}),
        ("ionice -c3 x", "x", {"ionice": "idle"}),
        ("ionice -c 2 -n 7 x", "x", {"ionice": "best-effort:7"}),
        ("timeout -k 5 90 x", "x", {"timeout": Duration(90), "kill_after": Duration(5)}),
        ("timeout -k 1m 2h x", "x", {"timeout": Duration(7200), "kill_after": Duration(60)}),
        ("flock -n /run/x.lock x a", "x a", {"overlap": "skip"}),
        ("flock -xn '/run/x y' -c 'cd /; x'", "cd /; x", {"overlap": "skip"}),
        ("chronic x a", "x a", {}),
        ("x >/dev/null 2>&1", "x", {}),
        ("x a > /dev/null 2> /dev/null", "x a", {}),
        ("cd /srv/app && ./x", "./x", {"cwd": "/srv/app"}),
        ("[ -x /usr/bin/certbot ] && certbot -q renew", "certbot -q renew", {"condition": "[ -x /usr/bin/certbot ]"}),
        ("cd /srv && test -d x && nice -n 5 y", "y", {"cwd": "/srv", "condition": "test -d x", "nice": 5}),
        ("command -v sa1 > /dev/null && sa1 1 1", "sa1 1 1", {"condition": "command -v sa1 > /dev/null"}),
        ("[ -d /srv ] && cd /srv && ./x", "cd /srv && ./x", {"condition": "[ -d /srv ]"}),
        ("test -x x && PATH=/x y", "PATH=/x y", {"condition": "test -x x"}),
        ("cd '/srv/my app' && a | b && c", "a | b && c", {"cwd": "/srv/my app"}),
        ("A=1 B='x y' x", "x", {"env": {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "A": "1", "B": "x y"}}),
        ("env A=1 x", "x", {"env": {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "A": "1"}}),
        ("cd / && nice -n 5 chronic x >/dev/null 2>&1", "x", {"cwd": "/", "nice": 5}),
    ],
)
def test_what_has_a_key_of_its_own_becomes_one(command: str, left: str, said: dict[str, Any]) -> None:
    done = modern(command)
    assert done.keys["command"] == left
    assert {key: done.keys[key] for key in said} == said
    assert done.notes


@pytest.mark.parametrize(
    "command",
    [
        "nice x; y",
        "nice x | y",
        "nice x && y",
        'nice x "$(y)"',
        "nice x `y`",
        "nice x # y",
        "nice",
        "nice -n 30 x",
        "timeout 90 x",
        "timeout -s KILL -k 5 90 x",
        "timeout -k 5 0 x",
        "flock /run/x.lock x",
        'flock -n /run/x.lock -c "x $A"',
        "flock -n -E 0 /run/x.lock x",
        "flock -n /run/both.lock x",
        "x; y >/dev/null 2>&1",
        "x >/dev/null",
        "x &>/dev/null",
        "echo '>/dev/null 2>&1'",
        "cd srv && x",
        "cd /srv; x",
        "cd /srv && x || y",
        "[ -x /x ] && y || z",
        "test -x /x && y; z",
        "test -e /x || y",
        'test -x "$X" && y',
        "test -x /x -a -x /y && z",
        "cd /srv && x; y",
        "cd $A && x",
        "A=1 x $A",
        "A=$B x",
        "HOME=/ x",
        "A=1",
        "sleep $((RANDOM \\% 60)); x",
        "chronic -v x",
        "nice A=1 x",
        "nice exec x",
        "A=1 ! x",
        "timeout -k 1 5 cd /x",
        "flock -n /x flock -n /x y",
    ],
)
def test_what_would_not_mean_the_same_stays(command: str) -> None:
    done = modern(command, "flock -n /run/both.lock y")
    assert done.keys == task(f"SHELL=/bin/sh\n0 0 * * * {command}\n").keys


@pytest.mark.parametrize("word", ["flock", "timeout", "nice", "chronic"])
def test_what_stays_is_told_with_the_reason(word: str) -> None:
    assert any(note.startswith(f"{word} stays") for note in modern(f"{word} /x | y").notes)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("flock -n /run/x nice x || true", "the line is more than one program with its arguments"),
        ("timeout 90 x", "without -k it never sends KILL"),
        ("flock /run/x x", "without -n it waits for the lock"),
        ("flock -n /run/both.lock x", "another line names its file"),
        ("flock -n -E 0 /run/x x", "its options, or what comes before or after it, have no equivalent"),
    ],
)
def test_the_reason_why_a_wrapper_stays_is_not_the_form_that_it_has(command: str, reason: str) -> None:
    assert modern(command, "flock -n /run/both.lock y").notes[0].partition(": ")[2].startswith(reason)


def test_the_commonest_line_of_all_is_understood() -> None:
    done = modern("/usr/bin/flock -n /run/b timeout -k 10 3600 nice -n 19 ionice -c3 b.sh >> /var/log/b.log 2>&1")
    keys = {key: done.keys.get(key) for key in ("command", "overlap", "timeout", "kill_after", "nice", "ionice")}
    assert [*keys.values()] == ["b.sh >> /var/log/b.log 2>&1", "skip", 3600, 10, 19, "idle"]


def test_the_shell_decides_what_a_line_means() -> None:
    done = modern("sleep $((RANDOM \\% 60)); x &>/dev/null", within="/bin/bash")
    assert (done.keys["command"], done.keys["jitter"]) == ("x", Duration(60))
    assert modern("nice x", within="/usr/bin/python3").keys["command"] == "nice x"


def expand(field, low, high):
    found = set()
    for item in field.split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-") if span != "*" else (str(low), "-", str(high))
        found |= set(range(int(first), int(last or first) + 1, int(step or 1)))
    return found


numbers = st.integers(0, 23)
items = st.one_of(
    numbers.map(str),
    st.just("*"),
    numbers.map(lambda step: f"*/{step + 1}"),
    st.tuples(numbers, numbers).map(lambda pair: f"{min(pair)}-{max(pair)}"),
    st.tuples(numbers, numbers, numbers).map(lambda some: f"{min(some[:2])}-{max(some[:2])}/{some[2] + 1}"),
)


@given(st.lists(items, min_size=1, max_size=3).map(",".join))
def test_hours_written_otherwise_are_the_same_hours(hours: Any) -> None:
    for job in read(f"* {hours} * * * x\n".encode(), "user").jobs:
        written = job.schedule.split()[1]
        assert expand(written, 0, 23) == expand(hours, 0, 23)
        assert job.schedule.split()[0] == "*"  # it follows the clock, whatever the hours begin with


@pytest.mark.parametrize(
    ("line", "command"),
    [("0 2 * * *  x  \t\n", "x  \t"), ("0 2 * * * rm a\\ \n", "rm a\\ "), ("0 2 * * * rm a\\\\ \n", "rm a\\ ")],
)
def test_blanks_at_the_end_of_a_command_stay(line: str, command: str) -> None:
    assert task(line).keys["command"] == command


def test_a_percent_sign_that_breaks_a_quote_is_noted() -> None:
    assert any("stands in quotes" in note for note in task('0 2 * * * date "+%F"\n').notes)
    assert not any("stands in quotes" in note for note in task("0 2 * * * cat%a\n").notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 2 * * * date +%F\n", "the first `%` ends the command, and the rest became `stdin`"),
        ("0 2 * * * date +%\n", "the first `%` ends the command, and nothing follows it"),
        ("START_HOURS_RANGE=3-22\n0 2 * * * x\n", "only anacron obeys it"),
        ("RANDOM_DELAY=soon\n0 2 * * * x\n", "RANDOM_DELAY=soon: not a number of minutes"),
    ],
)
def test_what_cron_reads_otherwise_than_it_looks_is_noted(text: str, said: str) -> None:
    assert said in task(text).notes[0]


def test_what_export_puts_before_a_command_becomes_keys_again() -> None:
    done = task("0 2 * * * export A=1 B='x y'; cd '/srv/my app' || exit; x\n").keys
    assert (done["command"], done["cwd"]) == ("x", "/srv/my app")
    assert done["env"] == {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "A": "1", "B": "x y"}


@pytest.mark.parametrize(
    "command", ["export IFS=,; x", "export AUTOMATE_X=1; x", "export A=$B; x", "export A=1 && x", "cd srv || exit; x"]
)
def test_what_would_mean_something_else_in_a_key_stays_in_the_command(command: str) -> None:
    assert task(f"0 2 * * * {command}\n").keys["command"] == command


@pytest.mark.parametrize("hours", ["30-40", "22-6", "7", "x"])
def test_hours_that_anacron_ignores_are_noted(hours: str) -> None:
    done = task(f"START_HOURS_RANGE={hours}\n1 5 a b\n", form="anacron")
    assert done.keys["schedule"] == "daily at 07:35"
    assert done.notes[0].startswith(f"START_HOURS_RANGE={hours}: anacron ignores it")
