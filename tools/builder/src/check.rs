//! What a kernel's file is, without a hypervisor: whether it can run, and how much memory it takes.

use core::fmt;
use std::path::Path;

use ringwall_image::{Compression, Layout, LayoutError, Role};

use crate::plan::layout_request;
use crate::{BuildError, Cache, Facts, Initrd, KernelImage};

/// What is known of a kernel that can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// How it is packed.
    pub compression: Compression,
    /// What it says of itself.
    pub facts: Facts,
    /// What it starts with in a domain of the size that was asked about, by rising address, in pages.
    pub elements: Vec<(Role, u64)>,
    /// Pages from the first to the last one that it starts with.
    pub boot_pages: u64,
    /// Pages of the smallest domain that it can start in.
    pub least_pages: u64,
}

/// Examines the kernel in a file, with an initrd if there is one, for a domain of `pages` pages.
///
/// # Errors
/// As [`KernelImage::open`]; [`BuildError::Layout`], which has the sum, if it does not fit into `pages`.
pub fn examine(
    path: &Path,
    initrd: Option<&Initrd>,
    pages: u64,
    cache: Option<&Cache>,
) -> Result<Examination, BuildError> {
    let kernel = KernelImage::open(path, cache)?;
    let lay_out = |pages| Layout::new(layout_request(kernel.facts(), initrd, pages));
    let layout = lay_out(pages)?;
    let elements = layout
        .elements()
        .map(|element| (element.role, element.pages))
        .collect();
    Ok(Examination {
        compression: kernel.compression(),
        facts: kernel.facts().clone(),
        elements,
        boot_pages: layout.boot_pages(),
        least_pages: least(lay_out, pages),
    })
}

/// The fewest pages that can be laid out, where `enough` can: up to there more pages never hurt, as 512 of them take
/// but one page more for the p2m list.
fn least(lay_out: impl Fn(u64) -> Result<Layout, LayoutError>, mut enough: u64) -> u64 {
    let mut too_few = 0;
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        match lay_out(middle) {
            Ok(_) => enough = middle,
            Err(_) => too_few = middle,
        }
    }
    enough
}

impl fmt::Display for Examination {
    /// One line: `a PV kernel (xz), which needs 76 MiB: kernel 59 MiB, ...`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = |pages: u64| pages * 4;
        write!(
            f,
            "a PV kernel ({}), which needs {} KiB to start:",
            self.compression,
            kib(self.least_pages)
        )?;
        for (index, (role, pages)) in self.elements.iter().enumerate() {
            let separator = if index == 0 { " " } else { ", " };
            write!(f, "{separator}{role} {} KiB", kib(*pages))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::files::Files;
    use crate::{Plan, Request};

    #[test]
    fn the_least_memory_is_just_enough() {
        let files = Files::new("");
        let examined = examine(&files.kernel, None, 32768, None).expect("it is a kernel");
        assert_eq!(examined.compression, Compression::Plain);
        let fits = |pages| {
            let kernel = KernelImage::open(&files.kernel, None).expect("it is a kernel");
            Plan::new(Request::new(kernel, pages)).is_ok()
        };
        assert!(fits(examined.least_pages));
        assert!(!fits(examined.least_pages - 1));
        assert!(examined.boot_pages <= examined.least_pages + 64);
    }

    #[test]
    fn what_does_not_fit_has_its_sum() {
        let files = Files::new("");
        let error = examine(&files.kernel, None, 200, None).expect_err("it is too small");
        let text = error.to_string();
        assert!(text.contains("has 200 pages but needs"), "{text}");
        assert!(text.contains("p2m list 1"), "{text}");
    }

    #[test]
    fn an_examination_reads_as_a_sentence() {
        let files = Files::packed("");
        let examined = examine(&files.kernel, None, 32768, None).expect("it is a kernel");
        let text = examined.to_string();
        assert!(
            text.starts_with("a PV kernel (gzip), which needs "),
            "{text}"
        );
        assert!(text.contains("kernel 160 KiB"), "{text}");
    }
}
