//! Status codes of grant operations.

/// Why one grant operation of a batch failed (`enum grant_status`, `public/grant_table.h`).
/// `GNTST_okay` is no failure: it is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i16)]
pub enum Status {
    /// Something else.
    #[doc(alias = "GNTST_general_error")]
    General = -1,
    /// No such domain.
    #[doc(alias = "GNTST_bad_domain")]
    BadDomain = -2,
    /// No such grant reference, or not for this.
    #[doc(alias = "GNTST_bad_gntref")]
    BadReference = -3,
    /// No such handle.
    #[doc(alias = "GNTST_bad_handle")]
    BadHandle = -4,
    /// Nothing can be, or is, mapped at this virtual address.
    #[doc(alias = "GNTST_bad_virt_addr")]
    BadVirtualAddress = -5,
    /// Not the device address of the mapping.
    #[doc(alias = "GNTST_bad_dev_addr")]
    BadDeviceAddress = -6,
    /// The IOMMU has no room.
    #[doc(alias = "GNTST_no_device_space")]
    NoDeviceSpace = -7,
    /// The caller may not do this.
    #[doc(alias = "GNTST_permission_denied")]
    PermissionDenied = -8,
    /// The frame is not fit for this.
    #[doc(alias = "GNTST_bad_page")]
    BadPage = -9,
    /// A copy would cross the end of a page.
    #[doc(alias = "GNTST_bad_copy_arg")]
    BadCopyArgument = -10,
    /// A transferred frame lies too high.
    #[doc(alias = "GNTST_address_too_big")]
    AddressTooBig = -11,
    /// Not done; the guest may try again.
    #[doc(alias = "GNTST_eagain")]
    Again = -12,
    /// No handles or no memory left.
    #[doc(alias = "GNTST_no_space")]
    NoSpace = -13,
}

impl Status {
    /// What the guest's structure carries.
    #[must_use]
    pub const fn raw(self) -> i16 {
        self as i16
    }

    /// What the guest's structure carries for an outcome: 0 or the failure.
    #[must_use]
    pub fn of<T>(result: &Result<T, Self>) -> i16 {
        result.as_ref().err().map_or(0, |status| status.raw())
    }
}
