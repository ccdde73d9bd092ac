"""Put the web UI's library files in place as plain ES modules, each with its licence.

The page's Content-Security-Policy allows no inline script, so there is no import map: every file
must load by itself. `preact.js` does. regl-scatterplot names its two companions by bare name, and
regl is no ES module; the two small rewrites below are all that is changed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from build_hooks.npm import BuildError

BARE_IMPORTS = {
    "import createPubSub from 'pub-sub-es';": "import createPubSub from './pub-sub-es.js';",
    "import createOriginalRegl from 'regl';": "import createOriginalRegl from './regl.js';",
}
COMMONJS_HEAD = "const module = { exports: {} };\nconst exports = module.exports;\n"
COMMONJS_TAIL = "\nexport default module.exports;\n"

# Packages whose code stands inside the files above: preact in htm's standalone file, the rest in
# regl-scatterplot's.
LICENSED = (
    "htm", "preact", "pub-sub-es", "regl", "regl-scatterplot", "@flekschas/utils",
    "camera-2d-simple", "dom-2d-camera", "earcut", "gl-matrix", "regl-line",
)  # fmt: skip


def with_relative_imports(source: str) -> str:
    """Return the module's source with its bare imports turned into relative ones."""
    for bare, relative in BARE_IMPORTS.items():
        if bare not in source:
            raise BuildError(
                f"regl-scatterplot no longer holds the line {bare!r}; "
                "put the new line into BARE_IMPORTS of build_hooks/browser.py"
            )
        source = source.replace(bare, relative)
    return source


def as_module(commonjs: str) -> str:
    """Return CommonJS source wrapped so that it loads as an ES module with a default export."""
    return COMMONJS_HEAD + commonjs + COMMONJS_TAIL


def place_libraries(node_modules: Path, vendor: Path) -> None:
    """Write `preact.js`, `regl-scatterplot.js`, its companions and `licences/` into `vendor`."""
    vendor.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(node_modules / "htm/preact/standalone.module.js", vendor / "preact.js")
    shutil.copyfile(node_modules / "pub-sub-es/dist/index.js", vendor / "pub-sub-es.js")
    regl = (node_modules / "regl/dist/regl.min.js").read_text("utf-8")
    (vendor / "regl.js").write_text(as_module(regl), "utf-8")
    scatterplot = node_modules / "regl-scatterplot/dist/regl-scatterplot.esm.js"
    rewritten = with_relative_imports(scatterplot.read_text("utf-8"))
    (vendor / "regl-scatterplot.js").write_text(rewritten, "utf-8")
    place_licences(node_modules, vendor / "licences")


def place_licences(node_modules: Path, folder: Path) -> None:
    """Copy the licence text of every package whose code is shipped."""
    folder.mkdir(exist_ok=True)
    for package in LICENSED:
        texts = sorted((node_modules / package).glob("LICENSE*"))
        if not texts:
            raise BuildError(
                f"the npm package {package} carries no licence file; "
                "name where its licence stands in build_hooks/browser.py"
            )
        shutil.copyfile(texts[0], folder / f"{package.replace('/', '-').lstrip('@')}.txt")
