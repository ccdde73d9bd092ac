"""Which commands there are, where each stands and what it does: `--help` loads none of them."""

COMMANDS = {
    "backup": (
        "semsearch.cli.upkeep:backup",
        "Write NAME as it stands now into the new FILE, while it is used.",
    ),
    "build-index": (
        "semsearch.cli.build:build_index",
        "Build the index of the collection NAME anew; searches go on meanwhile.",
    ),
    "check": ("semsearch.cli.upkeep:check", "Prove that NAME is on the disk as it was written."),
    "cluster": (
        "semsearch.cli.analyse:cluster",
        "Group the items of NAME into clusters with names, and store the result.",
    ),
    "compact": (
        "semsearch.cli.upkeep:compact",
        "Give back the room that deleted items of NAME take on the disk.",
    ),
    "delete": ("semsearch.cli.manage:delete", "Delete items of NAME by KEY or by filter."),
    "demo": (
        "semsearch.cli.demo:demo",
        "Build the sample collections `reviews` and `pictures` and open the web UI.",
    ),
    "doctor": (
        "semsearch.cli.doctor:doctor",
        "Look over this installation and say what to do about what is wrong.",
    ),
    "duplicates": (
        "semsearch.cli.duplicates:duplicates",
        "Find the items of NAME that stand there twice, exactly or nearly.",
    ),
    "evaluate": (
        "semsearch.cli.evaluate:evaluate",
        "Measure how well NAME answers judged queries, by one or more modes, side by side.",
    ),
    "facets": (
        "semsearch.cli.facets:facets",
        "Count the values of the fields of NAME: of those given, or of all that tell something.",
    ),
    "index": (
        "semsearch.cli.index:index",
        "Put the items of each SOURCE into the collection NAME, making it if need be.",
    ),
    "info": ("semsearch.cli.manage:info", "Tell what the collection NAME holds."),
    "judge": (
        "semsearch.cli.evaluate:judge",
        "Say whether the item KEY answers QUERY: up, down, 2 or 3 for very good, or clear.",
    ),
    "learn-weight": (
        "semsearch.cli.learn_weight:learn_weight",
        "Learn from judged queries how much meaning counts beside words in NAME, and keep it.",
    ),
    "modules": (
        "semsearch.cli.modules:modules",
        "List, inspect, fetch, verify and export the modules that make vectors.",
    ),
    "predict": (
        "semsearch.cli.analyse:predict",
        "Predict labels for the rows of FILE (column `key` or `text`), or for all stored items.",
    ),
    "reencode": (
        "semsearch.cli.reencode:reencode",
        "Make the vectors of NAME anew by another module, beside the old ones.",
    ),
    "restore": (
        "semsearch.cli.upkeep:restore",
        "Make the collection NAME from the backup FILE, and check it in full.",
    ),
    "search": (
        "semsearch.cli.search:search",
        "Find the items of NAME that are nearest in meaning to QUERY, to an image or to terms.",
    ),
    "similar": (
        "semsearch.cli.search:similar",
        "Find the items of NAME that are nearest to the stored item KEY.",
    ),
    "train": (
        "semsearch.cli.analyse:train",
        "Train the classifier LABEL_NAME on examples and tell how well it does.",
    ),
}
"""By name: the module and function, and the first sentence of its help (tested)."""
