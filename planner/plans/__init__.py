"""Plans: a city's siting questions, put together from its facts and rules, and their answers as edits to the facts."""
