//! Virtual interrupts.

use crate::shape::numbers;

numbers! {
    /// A virtual interrupt that the hypervisor raises through an event channel.
    ///
    /// Source: `public/xen.h`.
    pub enum Virq: u32 {
        /// The one-shot timer fired; one per virtual CPU.
        Timer = 0 => "VIRQ_TIMER",
        /// The administrator asks for the domain's state; one per virtual CPU.
        Debug = 1 => "VIRQ_DEBUG",
        /// Bytes for the privileged domain on the hypervisor's console.
        Console = 2 => "VIRQ_CONSOLE",
        /// Something happened to a domain, for the toolstack.
        DomExc = 3 => "VIRQ_DOM_EXC",
        /// The trace buffer has records.
        Tbuf = 4 => "VIRQ_TBUF",
        /// A domain was paused for its debugger.
        Debugger = 6 => "VIRQ_DEBUGGER",
        /// Profiling samples; one per virtual CPU.
        Xenoprof = 7 => "VIRQ_XENOPROF",
        /// The console ring grew.
        ConRing = 8 => "VIRQ_CON_RING",
        /// A physical CPU came or went.
        PcpuState = 9 => "VIRQ_PCPU_STATE",
        /// A memory event.
        MemEvent = 10 => "VIRQ_MEM_EVENT",
        /// An Argo message.
        Argo = 11 => "VIRQ_ARGO",
        /// Memory runs low.
        Enomem = 12 => "VIRQ_ENOMEM",
        /// A performance counter; one per virtual CPU.
        Xenpmu = 13 => "VIRQ_XENPMU",
        /// Machine checks, on x86.
        Mca = 16 => "VIRQ_ARCH_0",
        /// The architecture's second.
        Arch1 = 17 => "VIRQ_ARCH_1",
        /// The architecture's third.
        Arch2 = 18 => "VIRQ_ARCH_2",
        /// The architecture's fourth.
        Arch3 = 19 => "VIRQ_ARCH_3",
        /// The architecture's fifth.
        Arch4 = 20 => "VIRQ_ARCH_4",
        /// The architecture's sixth.
        Arch5 = 21 => "VIRQ_ARCH_5",
        /// The architecture's seventh.
        Arch6 = 22 => "VIRQ_ARCH_6",
        /// The architecture's eighth.
        Arch7 = 23 => "VIRQ_ARCH_7",
    }
}

impl Virq {
    /// How many numbers there are: each lies below it.
    #[doc(alias = "NR_VIRQS")]
    pub const COUNT: u32 = 24;

    /// Whether each virtual CPU has one of its own; the others belong to the whole domain.
    #[must_use]
    pub const fn is_per_vcpu(self) -> bool {
        matches!(
            self,
            Self::Timer | Self::Debug | Self::Xenoprof | Self::Xenpmu
        )
    }
}
