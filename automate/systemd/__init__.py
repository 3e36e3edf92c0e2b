"""Units of systemd for tasks. Pure: text out.

`calendar` writes when (systemd.time(7)), `units` what (systemd.service(5), systemd.timer(5)); `quoting` knows
systemd.syntax(7).
"""
