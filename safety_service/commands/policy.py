"""`doorstep policy`: checking a policy file, putting an edition in force, and agreeing to one that is less strict."""

from pathlib import Path
from uuid import UUID

import click

from config.duration import say_duration
from config.policy import Policy, PolicyError, parse_policy
from safety_service.actions import policies
from safety_service.actions.actor import Actor, load_actor
from safety_service.actions.policies import Applied
from safety_service.commands.files import text_of
from safety_service.commands.running import Fault, run
from safety_service.commands.table import show
from safety_service.domain.silence import in_danger, silence
from safety_service.domain.words import Risk, Role
from safety_service.store import people, roles
from safety_service.store.database import Tx
from safety_service.store.policy_offers import Offer

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_BY = click.option("--by", "who", required=True, help="Which administrator this is, by e-mail address.")
_WHEN = ("begin", "inside", "end", "home", "asked", "everyone")
_HEADINGS = ("", "NOT BEGUN", "INSIDE", "NOT OUT", "NOT HOME", "LONGER IF ASKED", "THEN EVERYONE")


@click.group("policy")
def command() -> None:
    """Check a policy file, put an edition in force, agree to one that is less strict."""


@command.command()
@click.argument("file", type=_FILE)
def check(file: Path) -> None:
    """Name every error with its line; say the longest silence before a human knows."""
    policy = _good(file, text_of(file))
    click.echo(f"{file} can be used.")
    _say_silence(policy)


@command.command()
@click.argument("file", type=_FILE)
@click.option("--by", "who", required=True, help="Who decided on it: an administrator, as soon as there is one.")
@click.option("--why", required=True, help="The reason: somebody will ask.")
def apply(file: Path, who: str, why: str) -> None:
    """Put a new edition in force; what it loosens waits for a second administrator. No running deadline moves later."""
    text = text_of(file)
    policy = _good(file, text)

    async def work(tx: Tx) -> tuple[Policy, Applied]:
        before = await tx.policy()
        return before, await policies.apply(tx, await _administrator(tx, who), text, who=who, why=why)

    before, applied = run(work)
    if applied.offer is None:
        click.echo(f"Edition {applied.number} is in force.")
    else:
        click.echo("This is less strict. It is not in force: it waits for a second administrator, who is told.")
        click.echo(f"  doorstep policy agree {applied.offer.id} --by E-MAIL")
    _say_loosened(applied.loosens)
    _say_silence(policy, before)


@command.command()
def offers() -> None:
    """What waits for a second administrator."""

    async def work(tx: Tx) -> list[Offer]:
        return await policies.offers(tx, None)

    found = run(work)
    if not found:
        click.echo("Nothing waits.")
    for each in found:
        click.echo(f"{each.id}, by {each.offered_by}: {each.why}. Until {each.expires_at:%Y-%m-%d %H:%M} UTC.")
        _say_loosened(each.loosens)


@command.command()
@click.argument("offer", type=click.UUID)
@_BY
def agree(offer: UUID, who: str) -> None:
    """Agree to what another administrator wants. It is in force then, and every administrator is told so."""

    async def work(tx: Tx) -> int:
        return await policies.agree(tx, await _must_administer(tx, who), offer)

    try:
        click.echo(f"Edition {run(work)} is in force.")
    except PolicyError as wrong:
        raise Fault("\n".join(["It cannot be used any more:", *wrong.faults])) from None


@command.command()
@click.argument("offer", type=click.UUID)
@_BY
def refuse(offer: UUID, who: str) -> None:
    """Refuse what another administrator wants, or take back what one wanted oneself."""

    async def work(tx: Tx) -> None:
        await policies.refuse(tx, await _must_administer(tx, who), offer)

    run(work)
    click.echo("Refused.")


async def _administrator(tx: Tx, words: str) -> Actor | None:
    """Which administrator this is; None as long as there is none. Raises Fault: nobody of them, or several."""
    everybody = await roles.with_role(tx, Role.ADMINISTRATOR)
    if not everybody:
        return None
    found = [each for each in await people.find(tx, None, words) if each.id in everybody]
    if len(found) != 1:
        what = "No administrator is" if not found else "Several administrators are"
        raise Fault(f"{what} called {words!r}: say the e-mail address.")
    return await load_actor(tx, found[0].id, "command line")


async def _must_administer(tx: Tx, words: str) -> Actor:
    actor = await _administrator(tx, words)
    if actor is None:
        raise Fault("There is no administrator yet: `doorstep people add --role administrator`.")
    return actor


def _good(file: Path, text: str) -> Policy:
    try:
        return parse_policy(text)
    except PolicyError as wrong:
        raise Fault("\n".join([f"{file} cannot be used:", *wrong.faults])) from None


def _say_loosened(loosens: tuple[str, ...]) -> None:
    if loosens:
        click.echo("Less strict:")
    for each in loosens:
        click.echo(f"  {each}")


def _say_silence(policy: Policy, before: Policy | None = None) -> None:
    click.echo("Longest silence inside before a human knows:")
    for risk in Risk:
        click.echo(f"  {risk:<7} {say_duration(silence(policy, risk).inside)}")
    click.echo("\nFrom the planned start, the last word, the planned end, the time home was expected:")
    show(_HEADINGS, [_row(risk, policy, before or policy) for risk in Risk], empty="")
    click.echo(f"In danger the first hear at once, and everyone after {say_duration(in_danger(policy))}.")


def _row(risk: Risk, policy: Policy, before: Policy) -> list[str]:
    now, then = silence(before, risk), silence(policy, risk)
    cells = [(say_duration(getattr(now, each)), say_duration(getattr(then, each))) for each in _WHEN]
    return [str(risk), *(new if new == old else f"{old} → {new}" for old, new in cells)]
