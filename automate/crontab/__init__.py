"""Crontabs: reading what the crons read (crontab(5) of Debian and of cronie, anacrontab(5)), and writing for them.

`parser` makes jobs of lines, `environment` reads the variables between them, `fields` and `anacron` find when a job is
due, `translation` gives it the keys of a task file, `modernizing` finds what has a key of its own, `naming` names it;
`percent` knows what `%` means. The way back: `shell_command` makes one command of a task, `printer` the crontab.
"""
