"""From a script to takes: the plan, the scheduler, one segment's life, the store of takes."""
