"""Renders that start by themselves, at a time or on an event: what is due, what is new, and what came of it."""
