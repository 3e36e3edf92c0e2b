"""What jobs are called."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.crontab.naming import name_of, named
from automate.taskfile.finding import name_of as name_of_file


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/usr/local/bin/backup.sh --all", "backup"),
        ("certbot renew", "certbot-renew"),
        ("cd / && run-parts --report /etc/cron.hourly", "cron.hourly"),
        ("test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }", "cron.daily"),
        ("test -e /run/x || SERVICE_MODE=1 /usr/lib/e2fsprogs/e2scrub_all_cron", "e2scrub_all_cron"),
        ("[ -x /usr/lib/php/sessionclean ] && if [ ! -d /run ]; then /usr/lib/php/sessionclean; fi", "sessionclean"),
        ("test -x /usr/bin/certbot && perl -e 'sleep int(rand(43200))' && certbot -q renew", "certbot"),
        ("sleep $((RANDOM % 60)); /usr/bin/php /var/www/cron.php", "cron"),
        ("nice -n 19 ionice -c3 timeout -k 5 1h flock -n /run/x.lock /opt/sync --all", "sync"),
        ("flock -n /run/x.lock -c 'python3 -m tools.sync --all'", "tools.sync"),
        ("cd /srv/app && php artisan schedule:run >/dev/null 2>&1", "artisan-schedule-run"),
        ("sudo -u www-data php -f /srv/nextcloud/cron.php", "cron"),
        ("bash -lc 'cd /srv && make report'", "make-report"),
        ("pg_dumpall | gzip > /srv/all.gz", "pg_dumpall"),
        ("PATH=/x:$PATH;export PATH;run.py", "run"),
        ("java -jar /opt/app/Report.jar", "report"),
        ("command -v debian-sa1 > /dev/null && debian-sa1 60 2", "debian-sa1"),
        ("test -x /opt/sync 2>/dev/null && >>/var/log/sync 2>&1 /opt/sync.sh", "sync"),
        ("/opt/a/3 >&2", "3"),
        ("echo hi", "echo-hi"),
        ('echo "still alive $(date +%T)" since %s ages', "echo-still-alive-since"),
        ("printf '%s\\n' \"$HOME\"", "printf"),
        ("sleep 10", "sleep"),
        ("touch /run/heartbeat", "touch-heartbeat"),
        ("cp -r ~/docs ~/docs.$(date +%F)", "cp-docs"),
        ("find /srv/tmp -name '*.old' -delete", "find-tmp"),
        ("find $HOME/Mail", "find-mail"),
        ("wget -q -O /dev/null https://me:pw@example.org:8080/cron.php", "wget-example.org"),
        ("rm -f *.old", "rm"),
        ("$(date)", "date"),
        ("'/opt/My Tools/clean up.sh'", "clean-up"),
        ("deploy.yaml", "deploy"),
    ],
)
def test_a_job_is_called_after_what_it_runs(command: str, name: str) -> None:
    assert name_of(command) == name


@given(st.text(max_size=100))
def test_every_name_can_be_a_tasks(command: Any) -> None:
    assert name_of_file(f"{name_of(command)}-2.yaml")
    assert re.fullmatch(r"(?:[a-z0-9][a-z0-9._-]*)?", named(command))
