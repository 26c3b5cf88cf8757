"""From masters to an audiobook: tags, playlist, book.json."""
