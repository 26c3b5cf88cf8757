"""narrator: a manuscript in, a finished, tagged, mastered audiobook out."""

__version__ = "0.1.0"
