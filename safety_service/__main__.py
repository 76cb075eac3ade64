"""`python -m safety_service` is the same as `doorstep`."""

from safety_service.cli import main

if __name__ == "__main__":
    main()
