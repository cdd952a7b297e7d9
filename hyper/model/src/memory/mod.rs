//! Frames, their owners, types and counts, and who may map what.
