"""`python -m benchmarks [NAME...]`: all of them, or those named."""

import sys
from importlib import import_module

ALL = ("startup", "listing", "unread", "history", "due_times", "herd", "idle")


def main() -> None:
    """One after the other; a name that is none of them is an error."""
    named = sys.argv[1:] or ALL
    sys.argv[1:] = []
    for name in named:
        if name not in ALL:
            sys.exit(f"no benchmark {name}; there are {', '.join(ALL)}")
        print(f"\n{name}", flush=True)
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
