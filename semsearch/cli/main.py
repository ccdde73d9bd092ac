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
from semsearch.cli.analyse import cluster, predict, train
from semsearch.cli.build import build_index
from semsearch.cli.demo import demo
from semsearch.cli.doctor import doctor
from semsearch.cli.duplicates import duplicates
from semsearch.cli.evaluate import evaluate, judge
from semsearch.cli.facets import facets
from semsearch.cli.index import index
from semsearch.cli.learn_weight import learn_weight
from semsearch.cli.manage import delete, info
from semsearch.cli.modules import modules
from semsearch.cli.reencode import reencode
from semsearch.cli.screen import print_error, print_place
from semsearch.cli.search import search, similar
from semsearch.cli.upkeep import backup, check, compact, restore
from semsearch.errors import CollectionLocked, QueryError, SemsearchError
from semsearch.modules.handles.policy import OFFLINE
from semsearch.store.lock import WAIT

PLUGINS = "semsearch.commands"
"""The entry-point group through which other packages, webui first, add commands."""

PROBLEM, USAGE, LOCKED, INTERRUPTED = 1, 2, 3, 130


class Commands(click.Group):
    """The group of all commands, with the one place that translates errors."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return our own commands and those of plugins, sorted."""
        return sorted({*super().list_commands(ctx), *_plugins()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name; a plugin is loaded when it is first asked for."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        plugin = _plugins().get(cmd_name)
        return plugin.load() if plugin is not None else None

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


COMMANDS = (
    backup,
    build_index,
    check,
    cluster,
    compact,
    delete,
    demo,
    doctor,
    duplicates,
    evaluate,
    facets,
    index,
    info,
    judge,
    learn_weight,
    modules,
    predict,
    reencode,
    restore,
    search,
    similar,
    train,
)
for command in COMMANDS:
    main.add_command(command)

if __name__ == "__main__":
    sys.exit(main())
