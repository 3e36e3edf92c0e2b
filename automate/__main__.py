"""`python -m automate` and the console script."""

from automate.cli import main

if __name__ == "__main__":
    main()
