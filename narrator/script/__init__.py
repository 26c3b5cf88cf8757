"""What will be said: which blocks are spoken, how they are cut, what is sent. Pure functions."""
