"""The simulation: the real rules, actions, store and clockwork under a simulated clock, with faults, and looked at."""
