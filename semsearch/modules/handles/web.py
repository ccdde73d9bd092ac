"""Modules in archives behind an https address."""

from __future__ import annotations

from pathlib import Path

from semsearch.fsio import make_folder
from semsearch.modules.handles.archives import unpack_fetched
from semsearch.modules.handles.cache import Cache, Fetched, Request
from semsearch.modules.handles.contents import files_in, the_module_in
from semsearch.modules.handles.download import SILENCE, check_address, download, is_address
from semsearch.modules.handles.found import Found, found_in
from semsearch.modules.handles.handle import Handle
from semsearch.modules.handles.policy import Policy


class AddressResolver:
    """Fetch an archive from an https address; http is for this very machine alone."""

    what = "the https address of an archive with a module"
    missing = "it does not begin with https://"

    def __init__(self, silence: float = SILENCE) -> None:
        self._silence = silence

    def accepts(self, handle: Handle) -> bool:
        """Tell whether a handle is written as an address."""
        return is_address(handle.source)

    def find(self, handle: Handle, policy: Policy) -> Found:
        """Return the one module in the archive, downloaded if need be.

        Raises:
            NotObtained: the server does not give it.
            ModuleError: the address is not allowed, or what came is unfit.
        """
        url = handle.source
        check_address(url)
        pinned = handle.options.get("sha256")

        def fetch(content: Path, work: Path) -> Fetched:
            make_folder(work)
            archive = work / "archive"
            download(url, archive, scratch=work, policy=policy, silence=self._silence)
            sha256 = unpack_fetched(archive, content, work, what=url, pinned=pinned)
            the_module_in(list(files_in(content)), repr(url))
            return Fetched(url, sha256)

        cache = Cache()
        entry = cache.keep(Request(url, fetch, archive=pinned), policy)
        return found_in(cache, entry, entry.module or ".")
