//! Selectors and descriptors of guests.
//!
//! A guest brings its own GDT and LDT. The hypervisor's entries lie behind the guest's in every GDT
//! ([`FIRST_RESERVED_ENTRY`]), and each entry of a guest's is audited before the processor can see
//! it, so that none of them gives more than ring 3.

mod descriptor;
mod selector;

pub use descriptor::{Access, Descriptor, DescriptorError, check_descriptor};
pub use selector::{
    FIRST_RESERVED_ENTRY, FLAT_CODE_32, FLAT_CODE_64, FLAT_DATA, Selector, Table, TableSizes,
};
