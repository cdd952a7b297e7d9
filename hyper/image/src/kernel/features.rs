//! Features that a kernel supports or requires.

use super::KernelError;

/// Names of the features, each at its number.
///
/// Source: `public/features.h`.
const NAMES: [&str; 18] = [
    "writable_page_tables",
    "writable_descriptor_tables",
    "auto_translated_physmap",
    "supervisor_mode_kernel",
    "pae_pgdir_above_4gb",
    "mmu_pt_update_preserve_ad",
    "highmem_assist",
    "gnttab_map_avail_bits",
    "hvm_callback_vector",
    "hvm_safe_pvclock",
    "hvm_pirqs",
    "dom0",
    "grant_map_identity",
    "memory_op_vnode_supported",
    "ARM_SMCCC_supported",
    "linux_rsdp_unrestricted",
    "not_direct_mapped",
    "direct_mapped",
];

/// Features as sets: bit `n` stands for the feature with number `n` of `public/features.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Features {
    /// What the kernel can make use of, the required ones included.
    pub supported: u32,
    /// What the kernel can't do without.
    pub required: u32,
}

impl Features {
    /// The feature's name in `public/features.h`, without `XENFEAT_`.
    #[must_use]
    pub fn name(number: u32) -> Option<&'static str> {
        NAMES.get(usize::try_from(number).ok()?).copied()
    }

    /// The first feature that the kernel requires and `offered` lacks, by its name.
    #[must_use]
    pub fn first_missing(self, offered: u32) -> Option<&'static str> {
        let missing = self.required & !offered;
        (missing != 0)
            .then(|| Self::name(missing.trailing_zeros()))
            .flatten()
    }

    /// Adds what a string of names says: separated by `|`, required ones after `!`.
    ///
    /// Unknown names that are not required are passed over.
    pub(super) fn add_names(&mut self, list: &str) -> Result<(), KernelError> {
        for item in list
            .split('|')
            .map(str::trim)
            .filter(|item| !item.is_empty())
        {
            let required = item.strip_prefix('!');
            let name = required.unwrap_or(item);
            match (NAMES.iter().position(|known| *known == name), required) {
                (Some(number), _) => {
                    let bit = 1 << number;
                    self.supported |= bit;
                    self.required |= if required.is_some() { bit } else { 0 };
                }
                (None, Some(_)) => return Err(KernelError::UnknownFeature),
                (None, None) => {}
            }
        }
        Ok(())
    }
}
