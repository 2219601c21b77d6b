"""The rules at work: which files count, whose sheet it is, what was typed, and the results that follow."""
