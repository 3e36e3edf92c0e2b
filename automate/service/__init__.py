"""The scheduler: one step, taken by a loop that sleeps (`serve`) or whenever system cron calls (`tick`).

`syncing` brings the task files into the state, `step` decides and claims what has fallen due, `server` does so for
ever, `changes` sees files change. Whoever takes the step, and however many do at once, it is the same and safe.
"""
