//! CPUID and MSR policy: what a guest sees of the processor.
