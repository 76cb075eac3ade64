"""What a long command says meanwhile."""

import click

#: How many rows go by between two lines that say so.
SAY_EVERY = 100_000


class Progress:
    """A line now and then, for whoever waits."""

    def __init__(self) -> None:
        self._rows = 0

    def __call__(self, rows: int) -> None:
        before, self._rows = self._rows, self._rows + rows
        if before // SAY_EVERY != self._rows // SAY_EVERY:
            click.echo(f"{self._rows} rows …", err=True)
