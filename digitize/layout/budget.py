"""How much processor time the search for a page's layout may take, and what it tried in that time."""

from __future__ import annotations

import time

# A page that is read takes 1 to 3 s until its layout is found: where several times as much did not find it, more does
# not. What is begun is ended, and the rows are read afterwards.
MOST_S = 12.0


class Budget:
    """The processor time of all threads of this process from now on, and what was `tried` in it, in words."""

    def __init__(self, most_s: float = MOST_S) -> None:
        self.most_s = most_s
        self.tried: list[str] = []
        self._begun_s = time.process_time()

    @property
    def is_spent(self) -> bool:
        return time.process_time() - self._begun_s > self.most_s

    def tries(self, what: str) -> None:
        """What is begun."""
        self.tried.append(what)

    def in_words(self) -> str:
        """What a refusal adds where the time was spent: that the search was ended, and what was tried; else nothing."""
        if not self.is_spent:
            return ""
        tried = ", ".join(dict.fromkeys(self.tried))
        return f"; the search was ended after {self.most_s:g} s of processor time, having tried {tried}"
