"""Text-to-speech engines and services: one adapter each, behind one Protocol."""
