"""Errors that end a command: each is one polite Chinese sentence and an exit status of the contract."""


class UserError(Exception):
    """Something the person at the keyboard can mend; ``str(error)`` is the sentence shown to them."""

    exit_status = 2


class StandardError(UserError):
    """A mistake in a standard's file: names the file, the clause and the mistake."""


class RosterError(UserError):
    """A roster that is missing or damaged, so that no ratio could be right."""


class NothingToProcess(UserError):
    """No workbook of a county lies in the input folder."""

    exit_status = 3


class OutputError(UserError):
    """An output could not be written; earlier complete results stay as they were."""

    exit_status = 4
