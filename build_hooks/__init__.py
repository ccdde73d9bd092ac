"""What a build adds to the tree: library files of the web UI and the sample collections, from npm.

`hatch_build.py` calls this package for wheels and editable installs. Nothing of it is installed.
"""
