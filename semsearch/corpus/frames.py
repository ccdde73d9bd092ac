"""Make DataFrames, so that no other room needs pandas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def as_dataframe(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Return a DataFrame with these columns, in this order; None among texts stays None."""
    import pandas as pd

    # Left to itself pandas makes texts its own type, in which what is missing is NaN.
    return pd.DataFrame(
        {
            name: pd.Series(values, dtype=object if has_text(values) else None)
            for name, values in columns.items()
        }
    )


def has_text(values: Sequence[Any]) -> bool:
    """Tell whether a text is among the values."""
    return any(isinstance(value, str) for value in values)
