"""An instance whose steps are taken at times that the test chooses; see tests/service."""

from tests.service.conftest import another, world

__all__ = ["another", "world"]
