"""Make DataFrames, so that no other room needs pandas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def as_dataframe(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Return a DataFrame with these columns, in this order."""
    import pandas as pd

    return pd.DataFrame(dict(columns))
