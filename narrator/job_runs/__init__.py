"""Jobs at work: who starts what is due, and one run from its source to what comes after."""
