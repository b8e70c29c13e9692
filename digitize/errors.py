"""Why a page, or a file of pages, is not read: each message says what was expected, what came and what to do."""

from ecg.files import InputError


class PageError(InputError):
    """A file that cannot be opened as a page; the message names the file."""

    code = "page-unreadable"


class Refusal(InputError):
    """A page that is not read for a reason outside the digitizer."""

    code = "refused"


class NotAnEcg(InputError):
    """A page that the digitizer refuses."""

    code = "not-an-ecg"


class NoGrid(NotAnEcg):
    """No grid was seen: a scale has to come from elsewhere."""

    code = "no-grid"


class UnknownLayout(NotAnEcg):
    """No known layout explains what was seen."""

    code = "unknown-layout"


class NotVector(ValueError):
    """A page whose drawing cannot be read as an ECG: only its pixels can tell."""
