"""Modules of TensorFlow Hub, by their old handles at tfhub.dev or their new ones at Kaggle."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path

from semsearch.fsio import make_folder, rename
from semsearch.modules.handles import hub_child
from semsearch.modules.handles.aliases import ALIASES
from semsearch.modules.handles.archives import local_path, unpack_fetched
from semsearch.modules.handles.attempts import NotObtained, failure
from semsearch.modules.handles.cache import Cache, Fetched, Request
from semsearch.modules.handles.contents import files_in, the_module_in
from semsearch.modules.handles.download import download
from semsearch.modules.handles.found import Found, found_in
from semsearch.modules.handles.handle import Handle
from semsearch.modules.handles.policy import Policy
from semsearch.modules.handles.processes import run

TFHUB = re.compile(r"https://(?:www\.)?tfhub\.dev/(?P<path>[\w./-]+?)/?")
KAGGLE = re.compile(r"(?:https://(?:www\.)?kaggle\.com/models/)(?P<path>[\w./-]+?)/?")
BARE = re.compile(r"(?P<path>[\w-]+/[\w-]+/(?i:tensorflow[12])/[\w.-]+/\d+)")
# What a browser shows: .../frameworks/tensorFlow2/variations/NAME/versions/2
BROWSED = re.compile(r"/(?:frameworks|variations|versions)/")
COMPRESSED = "tf-hub-format=compressed"

logger = logging.getLogger(__name__)


class HubResolver:
    """Take modules from where TensorFlow Hub has them, under either name that they go by.

    The hosts can be exchanged for another server that answers alike. Without `with_library`, or
    where tensorflow_hub does not import, or when the handle pins the archive, the download is our
    own.
    """

    what = "a module of TensorFlow Hub, https://tfhub.dev/... or https://www.kaggle.com/models/..."
    missing = "it is no such handle"

    def __init__(
        self,
        tfhub: str = "https://tfhub.dev",
        kaggle: str = "https://www.kaggle.com/models",
        *,
        with_library: bool = True,
    ) -> None:
        self._tfhub = tfhub
        self._kaggle = kaggle
        self._with_library = with_library

    def accepts(self, handle: Handle) -> bool:
        """Tell whether a handle is one of tfhub.dev or Kaggle."""
        return bool(self.addresses(handle)) and not local_path(handle.source).exists()

    def addresses(self, handle: Handle) -> list[str]:
        """Return where a handle's module may be had, the handle itself first."""
        old = TFHUB.fullmatch(handle.source)
        new = KAGGLE.fullmatch(handle.source) or BARE.fullmatch(handle.source)
        if old:
            path = old["path"]
            kin = [alias.kaggle for alias in ALIASES if alias.tfhub == path]
            return [f"{self._tfhub}/{path}", *(f"{self._kaggle}/{one}" for one in kin)]
        if new:
            path = BROWSED.sub("/", new["path"])
            kin = [alias.tfhub for alias in ALIASES if alias.kaggle.lower() == path.lower()]
            return [f"{self._kaggle}/{path}", *(f"{self._tfhub}/{one}" for one in kin)]
        return []

    def find(self, handle: Handle, policy: Policy) -> Found:
        """Return the module, fetched from the first of its addresses that gives it.

        Raises:
            NotObtained: none of them does; lists the reasons.
            ModuleError: what one gave is unfit.
        """
        pinned = handle.options.get("sha256")

        def fetch(content: Path, work: Path) -> Fetched:
            tried = []
            for number, url in enumerate(self.addresses(handle)):
                try:
                    return self._fetch(url, content, work / str(number), policy, pinned)
                except NotObtained as error:
                    tried.append((url, error))
            raise failure(
                f"the module {handle.source!r}",
                tried,
                "check the name and the network, or download the module's archive yourself and"
                " name the file",
            )

        cache = Cache()
        entry = cache.keep(Request(handle.source, fetch, archive=pinned), policy)
        return found_in(cache, entry, entry.module or ".")

    def _fetch(
        self, url: str, content: Path, work: Path, policy: Policy, pinned: str | None
    ) -> Fetched:
        make_folder(work)
        sha256 = None
        if pinned or not self._with_library or not _by_library(url, content, work, policy):
            sha256 = _by_ourselves(url, content, work, policy, pinned)
        the_module_in(list(files_in(content)), repr(url))
        return Fetched(url, sha256)


def _by_library(url: str, content: Path, work: Path, policy: Policy) -> bool:
    """Let tensorflow_hub fetch a module; return False where it cannot be imported."""
    cache = work / "hub"
    ended = run(
        [sys.executable, "-P", hub_child.__file__, url],
        work,
        what=url,
        policy=policy,
        environment={
            "TFHUB_CACHE_DIR": str(cache),
            "TFHUB_MODEL_LOAD_FORMAT": "COMPRESSED",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
    )
    if ended.status == hub_child.NOT_HERE:
        logger.info("tensorflow_hub does not import (%s)", ended.last_line())
        return False
    folders = [path for path in cache.iterdir() if path.is_dir()] if cache.is_dir() else []
    if ended.status or len(folders) != 1:
        raise NotObtained(f"tensorflow_hub says {ended.last_line()}", "check the handle")
    rename(folders[0], content)
    return True


def _by_ourselves(url: str, content: Path, work: Path, policy: Policy, pinned: str | None) -> str:
    archive = work / "archive"
    download(f"{url}?{COMPRESSED}", archive, scratch=work, policy=policy)
    return unpack_fetched(archive, content, work, what=url, pinned=pinned)
