"""Units of systemd for tasks. Pure: text out. `calendar` writes when (systemd.time(7)), `units` writes what."""
