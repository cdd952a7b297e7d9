//! The screen that the first domain takes over.

use zerocopy::{FromBytes, IntoBytes};

use crate::shape::{numbers, record};

numbers! {
    /// What kind of screen a [`VgaConsoleInfo`] describes.
    ///
    /// Source: `public/xen.h`.
    pub enum VideoType: u8 {
        /// VGA text mode 3: [`VgaTextMode3`].
        TextMode3 = 0x03 => "XEN_VGATYPE_TEXT_MODE_3",
        /// A linear frame buffer from VESA: [`VesaLfb`].
        VesaLfb = 0x23 => "XEN_VGATYPE_VESA_LFB",
        /// A linear frame buffer from EFI: [`VesaLfb`].
        EfiLfb = 0x70 => "XEN_VGATYPE_EFI_LFB",
    }
}

record! {
    /// The screen as the hypervisor found it. The header's structure, a union, in its full size.
    ///
    /// Source: `public/xen.h`.
    #[doc(alias = "dom0_vga_console_info")]
    pub struct VgaConsoleInfo {
        /// A [`VideoType`].
        pub video_type: u8,
        #[doc(hidden)]
        pub _padding: [u8; 3],
        /// The union: [`Self::text_mode_3`], [`Self::lfb`].
        pub body: [u8; 36],
    }

    /// VGA text mode 3.
    ///
    /// Source: `public/xen.h`.
    #[doc(alias = "text_mode_3")]
    pub struct VgaTextMode3 {
        /// Height of a character in pixels.
        pub font_height: u16,
        /// Column of the cursor.
        pub cursor_x: u16,
        /// Row of the cursor.
        pub cursor_y: u16,
        /// Rows of text.
        pub rows: u16,
        /// Columns of text.
        pub columns: u16,
    }

    /// A linear frame buffer.
    ///
    /// Source: `public/xen.h`.
    #[doc(alias = "vesa_lfb")]
    pub struct VesaLfb {
        /// Pixels in a row.
        pub width: u16,
        /// Rows of pixels.
        pub height: u16,
        /// Bytes from one row to the next.
        pub bytes_per_line: u16,
        /// Bits of a pixel.
        pub bits_per_pixel: u16,
        /// Physical address, low 32 bits.
        pub lfb_base: u32,
        /// Size, in units of 64 KiB.
        pub lfb_size: u32,
        /// First bit of red.
        pub red_pos: u8,
        /// Bits of red.
        pub red_size: u8,
        /// First bit of green.
        pub green_pos: u8,
        /// Bits of green.
        pub green_size: u8,
        /// First bit of blue.
        pub blue_pos: u8,
        /// Bits of blue.
        pub blue_size: u8,
        /// First reserved bit.
        pub rsvd_pos: u8,
        /// Reserved bits.
        pub rsvd_size: u8,
        /// VESA's capabilities.
        pub gbl_caps: u32,
        /// VESA's mode attributes.
        pub mode_attrs: u16,
        #[doc(hidden)]
        pub _pad: u16,
        /// Physical address, high 32 bits.
        pub ext_lfb_base: u32,
    }
}

impl VgaConsoleInfo {
    /// A screen in text mode.
    #[must_use]
    pub fn new_text_mode_3(mode: VgaTextMode3) -> Self {
        Self::new(VideoType::TextMode3, &mode)
    }

    /// A linear frame buffer that VESA or EFI set up.
    #[must_use]
    pub fn new_lfb(video_type: VideoType, frame_buffer: VesaLfb) -> Self {
        Self::new(video_type, &frame_buffer)
    }

    fn new(video_type: VideoType, body: &(impl IntoBytes + zerocopy::Immutable)) -> Self {
        let mut info = Self {
            video_type: video_type.number(),
            ..Self::default()
        };
        for (to, from) in info.body.iter_mut().zip(body.as_bytes()) {
            *to = *from;
        }
        info
    }

    /// The body as text mode 3, or `None` where the screen is of another kind.
    #[must_use]
    pub fn text_mode_3(&self) -> Option<VgaTextMode3> {
        if self.video_type != VideoType::TextMode3.number() {
            return None;
        }
        VgaTextMode3::read_from_prefix(&self.body)
            .ok()
            .map(|(mode, _)| mode)
    }

    /// The body as a linear frame buffer, or `None` where the screen is of another kind.
    #[must_use]
    pub fn lfb(&self) -> Option<VesaLfb> {
        if self.video_type == VideoType::TextMode3.number() {
            return None;
        }
        VesaLfb::read_from_prefix(&self.body)
            .ok()
            .map(|(lfb, _)| lfb)
    }
}
