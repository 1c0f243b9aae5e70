"""The lab: one file a section, each `read(bundle, facts) -> Section`. Sections never import one another; what two of
them need (readers, arithmetic, look-up tables) stands in files of its own."""
