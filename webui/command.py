"""The command `semsearch serve`, published through the entry point group `semsearch.commands`."""

from __future__ import annotations

import os
from pathlib import Path

import click

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--host-name",
    "host_names",
    multiple=True,
    help="Another name under which browsers ask for this server; may be given more than once.",
)
@click.option(
    "--token",
    envvar="SEMSEARCH_TOKEN",
    help="What writing needs, and reading too unless the address is loopback; drawn by default.",
)
@click.pass_context
def serve(
    context: click.Context, host: str, port: int, host_names: tuple[str, ...], token: str | None
) -> None:
    """Open the collections in the browser: search, clusters, a map, classes."""
    # Threads of FAISS that wait by spinning make a server with many requests several times slower;
    # they read this when the library is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Flask and the app stand behind this line so that `semsearch --help` stays quick.
    from webui.server import run

    indexes = Path(context.find_root().params.get("indexes", "indexes"))
    run(indexes, host, port, token=token, host_names=host_names, loopback=host in LOOPBACK)
