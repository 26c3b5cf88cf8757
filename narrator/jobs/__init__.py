"""Renders that start by themselves, at a time or on an event. Nothing lives here yet."""
