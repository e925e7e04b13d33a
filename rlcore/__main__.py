"""`python -m rlcore` is `rlcore`."""

from rlcore.cli import main

if __name__ == "__main__":
    main()
