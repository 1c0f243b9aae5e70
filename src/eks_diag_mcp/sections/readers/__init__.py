"""What several sections read: one file a kind of evidence, judging nothing."""
