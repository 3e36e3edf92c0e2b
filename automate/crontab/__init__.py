"""Crontabs: reading what the crons read (crontab(5) of Debian and of cronie, anacrontab(5)), and writing for them.

`reading` makes jobs of lines, `environment` of the lines between them, `fields` understands when they are due,
`translation` makes the keys of a task file of a job, `modernizing` finds what has a key of its own, `naming` names it;
`percent` knows what `%` means. The way back is `saying`, a task as a command, and `writing`, the text around it.
"""
