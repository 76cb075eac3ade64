"""The command `doorstep`. Each command is a module in `safety_service/commands`, imported when it is asked for."""

from importlib import import_module

import click

#: Where each command is, and what it does. A command reads its own module only: `doorstep --help` is quick.
COMMANDS = {
    "serve": ("serve", "Serve the pages, the bot and the watch."),
    "migrate": ("migrate", "Make the database, or bring it up to date."),
    "doctor": ("doctor", "Check settings, database, Redis, Telegram, clock, keys and policy."),
    "alive": ("alive", "Do the parts that were begun here live? For whoever keeps the process."),
    "agency": ("agency", "Add, list and confirm agencies."),
    "team": ("team", "Add and list teams."),
    "people": ("people", "Import, add, list, unlink and deactivate people."),
    "invite": ("invite", "Print a one-time code and links for somebody."),
    "sign-in": ("sign_in", "Print a one-time link that signs somebody in on the web."),
    "channel": ("channel", "Other ways to reach somebody: add, list, end; agree as the second person."),
    "drill": ("drill", "Try every way to reach somebody, or everybody on a ladder."),
    "rota": ("rota", "Who is on duty when: add, list, remove."),
    "standing": ("standing", "Who hears when nobody on duty does: add, list, remove."),
    "exclude": ("exclude", "Keep somebody off a worker or a family: add, list, remove."),
    "guidance": ("guidance", "Check a guidance file, put an edition in force, or show what is asked."),
    "backup": ("backup", "Copy the whole database to a file, while the service runs."),
    "restore": ("restore", "Put such a copy back: nothing of it is taken for the present."),
    "keys": ("keys", "Seal everything anew with a new key, so that older ones are not needed any more."),
    "move": ("move", "Move everything to another database, as from SQLite to PostgreSQL."),
    "export": ("export", "Debriefs, visits, alerts or figures of care of a period, as a file."),
    "log": ("log", "The evidence log: whether it is whole, and an alert's whole timeline."),
    "retention": ("retention", "Show what would be removed now, and after how long."),
    "simulate": ("simulate", "Days of watching in a database of their own, with faults: is each promise kept?"),
    "policy": ("policy", "Check a policy file, or put an edition in force."),
}


class Doorstep(click.Group):
    """A group whose commands are imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (click's)
        """Import the command; its module has it under the name `command`."""
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command = import_module(f"safety_service.commands.{module}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (click's)
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, does) for name, (_, does) in COMMANDS.items()])


@click.command(cls=Doorstep, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="doorstep", prog_name="doorstep")
def doorstep() -> None:
    """Doorstep watches over people who visit alone. Settings come from the environment and var/doorstep.env."""


def main() -> None:
    """Run the command line of this process."""
    doorstep(prog_name="doorstep")
