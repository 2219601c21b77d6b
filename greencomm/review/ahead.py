"""What the review can do with one file before the others have arrived (S-53).

Which files count, scores and sums need all of them; whose sheets a file holds, and what stands on each, does not.
"""

from __future__ import annotations

from collections.abc import Iterable

from greencomm.intake.arrivals import Arrival
from greencomm.review.sheets import FileSheets, sheets_of
from greencomm.review.submissions import Filed, StandardOf, filed
from greencomm.roster import Roster


class Ahead:
    """The sheets of files that were looked at as they arrived. In which order they did makes no difference."""

    def __init__(self, roster: Roster, standard_of: StandardOf) -> None:
        self._roster, self._standard_of = roster, standard_of
        self._done: dict[str, tuple[Arrival, FileSheets]] = {}
        """By path."""

    def look_at(self, arrivals: Iterable[Arrival]) -> None:
        """Look at files that have arrived; of those that are no form of this batch there is nothing to do."""
        for arrival in arrivals:
            entry = filed(arrival, self._roster, self._standard_of)
            if entry is not None:
                self._done[arrival.path] = arrival, self._sheets_of(entry)

    def take(self, entry: Filed) -> FileSheets:
        """The sheets of a file that counts, looked at now where they were not before. Each time they are nobody else's: the
        review goes on to work in them."""
        arrival, sheets = self._done.pop(entry.path, (None, None))
        return sheets if sheets is not None and arrival is entry.arrival else self._sheets_of(entry)

    def _sheets_of(self, entry: Filed) -> FileSheets:
        return sheets_of(entry, self._roster, self._standard_of(entry.unit))
