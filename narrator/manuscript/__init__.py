"""Readers: a file that people have in, a Manuscript out. One small module a format."""
