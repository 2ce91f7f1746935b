"""Maps of findings: one offline page each, drawing what planner judged and computing nothing of their own."""
