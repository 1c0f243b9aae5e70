"""The pages themselves: links that lead somewhere, and transcripts that are what the commands print."""
