//! PV kernel images: compression, ELF, notes, and where they go in memory.
#![no_std]
