"""DataFrames that are handed out hold what was put in."""

from __future__ import annotations

import numpy as np
import pytest

from semsearch.corpus import as_dataframe


def test_none_among_texts_stays_none() -> None:
    frame = as_dataframe({"key": ["a", "b"], "label": ["spam", None]})
    assert frame["label"].tolist() == ["spam", None]
    assert list(frame.columns) == ["key", "label"]


@pytest.mark.parametrize("values", [[0.5, 1.0], [1, None], np.array([0.5, 1.0], np.float32)])
def test_numbers_stay_numbers(values: object) -> None:
    frame = as_dataframe({"n": values})
    assert frame["n"].dtype.kind == "f"
    assert frame["n"].sum() == np.nansum(np.array(values, float))


def test_no_rows_are_a_frame_with_its_columns() -> None:
    assert as_dataframe({"key": [], "label": []}).shape == (0, 2)
