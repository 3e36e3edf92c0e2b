"""Units of systemd for tasks: `calendar` says when (systemd.time(7)), `units` writes what (systemd.service(5),
systemd.timer(5)), `quoting` knows systemd.syntax(7). Pure: text out."""
