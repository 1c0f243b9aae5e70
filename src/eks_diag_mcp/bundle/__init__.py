"""The evidence room: takes a log bundle in, keeps it as open data, and reads it back by source, line and time."""
