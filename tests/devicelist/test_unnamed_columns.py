"""Columns without a name in front of what siptui filled into a list."""

import pytest

from siptui.devicelist.unnamed_columns import unnamed_columns
from siptui.devicelist.writing import STATUS

LIST = ("UPN", "MAC")


@pytest.mark.parametrize(
    ("names", "results", "expected"),
    [
        (LIST, {}, None),
        (("", *LIST), {}, None),
        ((*LIST, ""), {}, None),
        ((*LIST, "", "", "State", "Error"), {"Error": 5, "State": 4}, slice(2, 4)),
        ((*LIST, "State"), {"State": 2}, None),
        ((*LIST, "", "Site", "State"), {"State": 4}, None),
        (("", "", "State"), {"State": 2}, slice(0, 2)),
        ((*LIST, "", *STATUS), {}, slice(2, 3)),
        ((*LIST, "", *STATUS[:-1]), {}, None),
        ((*LIST, "", STATUS[0], "x", "", *STATUS), {}, slice(5, 6)),
        # A file of results that was filled in: the columns of the list are before those.
        (("State", *LIST, "", *STATUS), {"State": 0}, slice(3, 4)),
        ((*LIST, *STATUS), {}, None),
    ],
)
def test_what_stood_behind_the_list_has_no_name(
    names: tuple[str, ...], results: dict[str, int], expected: slice | None
) -> None:
    assert unnamed_columns(names, results) == expected
