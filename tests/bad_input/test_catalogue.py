"""How many bad inputs there are of each kind, counted from the cases themselves."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.bad_input import (
    test_bad_documents,
    test_bad_file_names,
    test_bad_parameters,
    test_bad_tables,
    test_bad_texts,
)

WANTED = [
    ("text", test_bad_texts, 40),
    ("csv, json and workbooks", test_bad_tables, 50),
    ("file names", test_bad_file_names, 20),
    ("parameters", test_bad_parameters, 60),
    ("documents and archives", test_bad_documents, 80),
]
"""The numbers of row R9 of the fault plan for the first four kinds; documents are ours."""


def cases_of(module: ModuleType) -> int:
    """Return how many cases the tests of a file are run with."""
    return sum(cases(test) for name, test in vars(module).items() if name.startswith("test_"))


def cases(test: object) -> int:
    number = 1
    for mark in getattr(test, "pytestmark", []):
        if mark.name == "parametrize":
            number *= len(mark.args[1])
    return number


@pytest.mark.parametrize(("kind", "module", "least"), WANTED)
def test_the_catalogue_holds_enough_of_each_kind(kind: str, module: ModuleType, least: int) -> None:
    assert cases_of(module) >= least, kind


def test_the_catalogue_holds_hundreds() -> None:
    assert sum(cases_of(module) for _, module, _ in WANTED) >= 300
