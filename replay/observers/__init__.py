"""What watches a run from its event log: sinks of event blocks, for whoever tells, draws or tabulates a run."""
