"""The judge: weighs findings and sections into verdicts about possible root causes."""
