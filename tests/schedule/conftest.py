import os

from hypothesis import HealthCheck, settings

_FAST = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("ordinary", derandomize=True, max_examples=60, **_FAST)
settings.register_profile("long", max_examples=int(os.environ.get("EXAMPLES", "3000")), **_FAST)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ordinary"))
