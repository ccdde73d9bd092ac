"""The command group: where commands are gathered and errors become one line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

import semsearch
from semsearch.cli.commands import COMMANDS
from semsearch.cli.problems import print_error, print_place
from semsearch.environment import OFFLINE, WAIT
from semsearch.errors import CollectionLocked, QueryError, SemsearchError

PLUGINS = "semsearch.commands"
"""The entry-point group through which other packages, webui first, add commands."""

PROBLEM, USAGE, LOCKED, INTERRUPTED = 1, 2, 3, 130


class Commands(click.Group):
    """The group of all commands, with the one place that translates errors."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return our own commands and those of plugins, sorted."""
        return sorted({*COMMANDS, *_plugins()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name, loaded when it is first asked for."""
        place = _entry(cmd_name) if cmd_name in COMMANDS else _plugins().get(cmd_name)
        command: click.Command | None = None if place is None else place.load()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands; of our own none is loaded for it."""
        listed = {name: click.Command(name, help=text) for name, (_, text) in COMMANDS.items()}
        listed |= {name: plugin.load() for name, plugin in _plugins().items()}
        room = formatter.width - 6 - max(map(len, listed))
        rows = [(name, listed[name].get_short_help_str(room)) for name in sorted(listed)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; tell errors in one line on stderr."""
        try:
            return super().invoke(ctx)
        except SemsearchError as error:
            if isinstance(error, QueryError) and error.query and error.position is not None:
                print_place(error.query, error.position)
            _tell(ctx, str(error))
            ctx.exit(LOCKED if isinstance(error, CollectionLocked) else PROBLEM)
        except (ValueError, TypeError) as error:
            _tell(ctx, str(error))
            ctx.exit(USAGE)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            _tell(ctx, f"{error.filename or 'the system'}: {error.strerror or error}")
            ctx.exit(PROBLEM)
        except KeyboardInterrupt:
            print_error("stopped; what was stored is kept")
            ctx.exit(INTERRUPTED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--indexes",
    default="indexes",
    envvar="SEMSEARCH_INDEXES",
    show_default=True,
    metavar="DIR",
    help="The folder that holds the collections.",
)
@click.option(
    "--offline",
    is_flag=True,
    envvar=OFFLINE,
    help="Use nothing but what is on this machine.",
)
@click.option(
    "--wait",
    type=click.FloatRange(0),
    envvar=WAIT,
    metavar="SECONDS",
    help="Wait for another process that is writing.",
)
@click.option("--traceback", is_flag=True, help="Show where an error came from.")
@click.version_option(semsearch.__version__, prog_name="semsearch")
def main(indexes: str, offline: bool, wait: float | None, traceback: bool) -> None:
    """Semantic search, clusters and few-shot classes on one stored set of vectors.

    Begin with `semsearch demo`, or with `semsearch index NAME FILE`.
    """
    wished = {OFFLINE: "1" if offline else None, WAIT: None if wait is None else str(wait)}
    for name, value in wished.items():
        if value is not None:
            click.get_current_context().with_resource(_set(name, value))


@contextmanager
def _set(name: str, value: str) -> Iterator[None]:
    """Set a variable rather than hand a flag down: it holds for whatever the command starts."""
    before = os.environ.get(name, "")
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ[name] = before


def _tell(ctx: click.Context, message: str) -> None:
    if ctx.params["traceback"]:
        traceback.print_exc()
    print_error(message)


def _plugins() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=PLUGINS)}


def _entry(name: str) -> EntryPoint:
    """Return one of our own commands in the form of a plugin."""
    return EntryPoint(name, COMMANDS[name][0], PLUGINS)


if __name__ == "__main__":
    sys.exit(main())
