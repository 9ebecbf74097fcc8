"""``python -m stalecheck``."""

from stalecheck.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
