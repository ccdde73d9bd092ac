"""The build hook: before a wheel or an editable install, make what build_hooks/ makes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# hatchling loads this file by its path, so the folder it stands in is not yet searched.
sys.path.insert(0, str(Path(__file__).parent))

from build_hooks.npm import BuildError
from build_hooks.outputs import make_outputs


class SampleAndVendorHook(BuildHookInterface):  # type: ignore[type-arg]
    """Puts the web UI's library files and the sample data in place, then lets hatchling pack."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the files that are missing or out of date."""
        self.app.display_info("semsearch: bringing library files and sample data from npm")
        try:
            made = make_outputs(Path(self.root))
        except BuildError as error:
            self.app.abort(f"semsearch: {error}")
        self.app.display_info("semsearch: made" if made else "semsearch: already up to date")
