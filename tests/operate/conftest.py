"""An instance whose steps are taken at times that the test chooses; see tests/service."""

from tests.service.conftest import another, boot, world

__all__ = ["another", "boot", "world"]
