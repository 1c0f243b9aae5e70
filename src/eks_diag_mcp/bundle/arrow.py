"""pyarrow as this house uses it; imported inside functions, since it is heavy.

Its own allocator keeps what was freed: some 25 MB more for what we do, and no faster; app.py switches it off where pyarrow
looks for that. One thread reads: the files are small, and the text is read by threads of our own (sweep.py)."""

import pyarrow as pa
import pyarrow.parquet as pq

pa.set_memory_pool(pa.system_memory_pool())
pa.set_cpu_count(1)
pa.set_io_thread_count(1)

__all__ = ["pa", "pq"]
