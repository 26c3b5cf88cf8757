"""From takes to a chapter's master: stitching, loudness, limiter, encoders."""
