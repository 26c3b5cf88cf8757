"""A text spoken aloud while it arrives: turns in order, and its sound as it is made."""
