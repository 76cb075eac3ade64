"""`doorstep policy`: checking a policy file, and putting an edition in force."""

from pathlib import Path

import click

from config.duration import say_duration
from config.policy import Policy, PolicyError, parse_policy
from safety_service.actions import policies
from safety_service.commands.files import text_of
from safety_service.commands.running import Fault, run
from safety_service.domain.watch import longest_silence
from safety_service.domain.words import Risk

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("policy")
def command() -> None:
    """Check a policy file, or put an edition in force."""


@command.command()
@click.argument("file", type=_FILE)
def check(file: Path) -> None:
    """Name every error with its line; say the longest silence before a human knows."""
    policy = _good(file, text_of(file))
    click.echo(f"{file} can be used.")
    _say_silence(policy)


@command.command()
@click.argument("file", type=_FILE)
@click.option("--by", "who", required=True, help="Who decided on it, by name.")
@click.option("--why", required=True, help="The reason: somebody will ask.")
def apply(file: Path, who: str, why: str) -> None:
    """Put a new edition of the policy in force. No deadline that is running moves later by it."""
    text = text_of(file)
    policy = _good(file, text)
    number = run(lambda tx: policies.apply(tx, None, text, who=who, why=why))
    click.echo(f"Edition {number} is in force.")
    _say_silence(policy)


def _good(file: Path, text: str) -> Policy:
    try:
        return parse_policy(text)
    except PolicyError as wrong:
        raise Fault("\n".join([f"{file} cannot be used:", *wrong.faults])) from None


def _say_silence(policy: Policy) -> None:
    click.echo("Longest silence inside before a human knows:")
    for risk in Risk:
        click.echo(f"  {risk:<7} {say_duration(longest_silence(policy, risk))}")
