"""The counter: one function a tool, in the contract's spelling; it asks one room and shapes the answer."""
