//! The structures: one line each, with its header's name and its fields.

use core::mem::{offset_of, size_of, size_of_val};

use crate::headers::{Check, compare};

/// Checks size, and place and size of each field; and that no field was forgotten.
macro_rules! structures {
    ($($path:ident)::+ { $($name:ident = $c:literal { $($field:ident $(= $c_field:literal)?),* })* }) => {{
        use ringwall_abi::$($path)::+ as module;
        let mut checks = Vec::new();
        $({
            type T = module::$name;
            let value = T::default();
            let mut fields = vec![
                $((c_field(stringify!($field), &[$($c_field)?]), offset_of!(T, $field), size_of_val(&value.$field)),)*
            ];
            structure(&mut checks, stringify!($name), $c, size_of::<T>(), &mut fields);
        })*
        checks
    }};
}

fn c_field(field: &str, renamed: &[&str]) -> String {
    renamed.first().unwrap_or(&field).to_string()
}

/// `c` is a tag, or a tag and one of its members: `tag@member`.
fn structure(
    checks: &mut Vec<Check>,
    name: &str,
    c: &str,
    size: usize,
    fields: &mut [(String, usize, usize)],
) {
    let (tag, member) = c.split_once('@').unwrap_or((c, ""));
    let whole = match member {
        "" => format!("(*(struct {tag} *)0)"),
        _ => format!("((struct {tag} *)0)->{member}"),
    };
    let start = match member {
        "" => String::from("0"),
        _ => format!("offsetof(struct {tag}, {member})"),
    };
    let dot = if member.is_empty() { "" } else { "." };
    // A ring's structure ends with its first entry, which the header here does not have.
    let size_c = match tag {
        "blkif_sring" => String::from("offsetof(struct blkif_sring, ring)"),
        _ => format!("sizeof({whole})"),
    };
    checks.push(Check {
        what: format!("size of {name}"),
        c: size_c,
        rust: size as u64,
    });
    fields.sort_by_key(|(_, offset, _)| *offset);
    let mut end = 0;
    for (field, offset, field_size) in fields.iter() {
        checks.push(Check {
            what: format!("offset of {name}.{field}"),
            c: format!("offsetof(struct {tag}, {member}{dot}{field}) - {start}"),
            rust: *offset as u64,
        });
        checks.push(Check {
            what: format!("size of {name}.{field}"),
            c: format!("sizeof({whole}.{field})"),
            rust: *field_size as u64,
        });
        assert!(
            *offset < end + 8 || tag == "blkif_sring",
            "{name}: no line for what is at {end}"
        );
        end = offset + field_size;
    }
    assert!(
        size < end + 8 || tag == "blkif_sring",
        "{name}: no line for what is at {end}"
    );
}

#[test]
fn arch_x86_has_the_headers_layout() {
    let checks = structures!(arch_x86 {
        TrapInfo = "trap_info" { vector, flags, cs, address }
        VcpuGuestContext = "vcpu_guest_context" { fpu_ctxt, flags, user_regs, trap_ctxt, ldt_base, ldt_ents, gdt_frames, gdt_ents, kernel_ss, kernel_sp, ctrlreg, debugreg, event_callback_eip, failsafe_callback_eip, syscall_callback_eip, vm_assist, fs_base, gs_base_kernel, gs_base_user }
        ArchDomainConfig = "xen_arch_domainconfig" { emulation_flags, misc_flags }
        CpuidLeaf = "xen_cpuid_leaf" { leaf, subleaf, a, b, c, d }
        MsrEntry = "xen_msr_entry" { idx, flags, val }
        CpuUserRegs = "cpu_user_regs" { r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, error_code, entry_vector, rip, cs, saved_upcall_mask, rflags, rsp, ss, es, ds, fs, gs }
        IretContext = "iret_context" { rax, r11, rcx, flags, rip, cs, rflags, rsp, ss }
        ArchVcpuInfo = "arch_vcpu_info" { cr2, _pad = "pad" }
        ArchSharedInfo = "arch_shared_info" { max_pfn, pfn_to_mfn_frame_list_list, nmi_reason, p2m_cr3, p2m_vaddr, p2m_generation }
    });
    compare("structures-arch_x86", &checks);
}

#[test]
fn arch_x86_mca_has_the_headers_layout() {
    let checks = structures!(arch_x86::mca {
        McaRequest = "xen_mc" { cmd, interface_version, body = "u" }
        McFetch = "xen_mc_fetch" { flags, fetch_id, data }
        McPhysCpuInfo = "xen_mc_physcpuinfo" { ncpus, info }
        McMsr = "mcinfo_msr" { reg, value }
        McLogicalCpu = "mcinfo_logical_cpu" { mc_cpunr, mc_chipid, mc_coreid, mc_threadid, mc_apicid, mc_clusterid, mc_ncores, mc_ncores_active, mc_nthreads, mc_cpuid_level, mc_family, mc_vendor, mc_model, mc_step, mc_vendorid, mc_brandid, mc_cpu_caps, mc_cache_size, mc_cache_alignment, mc_nmsrvals, mc_msrvalues }
    });
    compare("structures-arch_x86_mca", &checks);
}

#[test]
fn callback_has_the_headers_layout() {
    let checks = structures!(callback {
        CallbackRegister = "callback_register" { kind = "type", flags, address }
        CallbackUnregister = "callback_unregister" { kind = "type" }
    });
    compare("structures-callback", &checks);
}

#[test]
fn domctl_has_the_headers_layout() {
    let checks = structures!(domctl {
        CreateDomain = "xen_domctl_createdomain" { ssidref, handle, flags, iommu_opts, max_vcpus, max_evtchn_port, max_grant_frames, max_maptrack_frames, grant_opts, vmtrace_size, cpupool_id, arch }
        MaxMem = "xen_domctl_max_mem" { max_memkb }
        MaxVcpus = "xen_domctl_max_vcpus" { max }
        GetDomainInfo = "xen_domctl_getdomaininfo" { domain, flags, tot_pages, max_pages, outstanding_pages, shr_pages, paged_pages, shared_info_frame, cpu_time, nr_online_vcpus, max_vcpu_id, ssidref, handle, cpupool, gpaddr_bits, arch_config }
        GetPageFrameInfo3 = "xen_domctl_getpageframeinfo3" { num, array }
        DomctlRequest = "xen_domctl" { cmd, interface_version, domain, body = "u" }
        IrqPermission = "xen_domctl_irq_permission" { pirq, allow_access }
        IomemPermission = "xen_domctl_iomem_permission" { first_mfn, nr_mfns, allow_access }
        IoportPermission = "xen_domctl_ioport_permission" { first_port, nr_ports, allow_access }
        MemoryMapping = "xen_domctl_memory_mapping" { first_gfn, first_mfn, nr_mfns, add_mapping }
        SetVirqHandler = "xen_domctl_set_virq_handler" { virq }
        SchedulerParameters = "xen_domctl_sched_credit" { weight, cap }
        RtdsParameters = "xen_domctl_sched_rtds" { period, budget, flags }
        VcpuParameters = "xen_domctl_schedparam_vcpu" { body = "u", vcpuid }
        SchedulerOp = "xen_domctl_scheduler_op" { sched_id, cmd, body = "u" }
        SchedulerVcpus = "xen_domctl_scheduler_op@u.v" { vcpus, nr_vcpus }
        VcpuContext = "xen_domctl_vcpucontext" { vcpu, ctxt }
        GetVcpuInfo = "xen_domctl_getvcpuinfo" { vcpu, online, blocked, running, cpu_time, cpu }
        VcpuAffinity = "xen_domctl_vcpuaffinity" { vcpu, flags, cpumap_hard, cpumap_soft }
        NodeAffinity = "xen_domctl_nodeaffinity" { nodemap }
        SetDomainHandle = "xen_domctl_setdomainhandle" { handle }
        SetDebugging = "xen_domctl_setdebugging" { enable }
        HypercallInit = "xen_domctl_hypercall_init" { gmfn }
        SetTimeOffset = "xen_domctl_settimeoffset" { time_offset_seconds }
        AddressSize = "xen_domctl_address_size" { size }
        SendTrigger = "xen_domctl_sendtrigger" { trigger, vcpu }
        TscInfo = "xen_domctl_tsc_info" { tsc_mode, gtsc_khz, incarnation, elapsed_nsec }
        CpuPolicy = "xen_domctl_cpu_policy" { nr_leaves, nr_msrs, leaves, msrs, err_leaf, err_subleaf, err_msr }
    });
    compare("structures-domctl", &checks);
}

#[test]
fn event_channel_has_the_headers_layout() {
    let checks = structures!(event_channel {
        FifoControlBlock = "evtchn_fifo_control_block" { ready, head }
        AllocUnbound = "evtchn_alloc_unbound" { dom, remote_dom, port }
        BindInterdomain = "evtchn_bind_interdomain" { remote_dom, remote_port, local_port }
        BindVirq = "evtchn_bind_virq" { virq, vcpu, port }
        BindPirq = "evtchn_bind_pirq" { pirq, flags, port }
        BindIpi = "evtchn_bind_ipi" { vcpu, port }
        Close = "evtchn_close" { port }
        Send = "evtchn_send" { port }
        BindVcpu = "evtchn_bind_vcpu" { port, vcpu }
        Unmask = "evtchn_unmask" { port }
        Reset = "evtchn_reset" { dom }
        InitControl = "evtchn_init_control" { control_gfn, offset, vcpu, link_bits }
        ExpandArray = "evtchn_expand_array" { array_gfn }
        SetPriority = "evtchn_set_priority" { port, priority }
        EventChannelStatus = "evtchn_status" { dom, port, status, vcpu, detail = "u" }
    });
    compare("structures-event_channel", &checks);
}

#[test]
fn grant_table_has_the_headers_layout() {
    let checks = structures!(grant_table {
        GrantCopyPointer = "gnttab_copy@source" { page = "u", domid, offset }
        GrantCopy = "gnttab_copy" { source, dest, len, flags, status }
        GrantEntry = "grant_entry_v1" { flags, domid, frame }
        MapGrantRef = "gnttab_map_grant_ref" { host_addr, flags, reference = "ref", dom, status, handle, dev_bus_addr }
        UnmapGrantRef = "gnttab_unmap_grant_ref" { host_addr, dev_bus_addr, handle, status }
        UnmapAndReplace = "gnttab_unmap_and_replace" { host_addr, new_addr, handle, status }
        DumpTable = "gnttab_dump_table" { dom, status }
        Transfer = "gnttab_transfer" { mfn, domid, reference = "ref", status }
        GetStatusFrames = "gnttab_get_status_frames" { nr_frames, dom, status, frame_list }
        GetVersion = "gnttab_get_version" { dom, version }
        SwapGrantRef = "gnttab_swap_grant_ref" { ref_a, ref_b, status }
        CacheFlush = "gnttab_cache_flush" { page = "a", offset, length, op }
        SetupTable = "gnttab_setup_table" { dom, nr_frames, status, frame_list }
        QuerySize = "gnttab_query_size" { dom, nr_frames, max_nr_frames, status }
        SetVersion = "gnttab_set_version" { version }
    });
    compare("structures-grant_table", &checks);
}

#[test]
fn io_blkif_has_the_headers_layout() {
    let checks = structures!(io::blkif {
        BlockSegment = "blkif_request_segment" { gref, first_sect, last_sect }
        BlockRequest = "blkif_request" { operation, nr_segments, handle, id, sector_number, seg }
        DiscardRequest = "blkif_request_discard" { operation, flag, handle, id, sector_number, nr_sectors }
        IndirectRequest = "blkif_request_indirect" { operation, indirect_op, nr_segments, id, sector_number, handle, indirect_grefs }
        BlockResponse = "blkif_response" { id, operation, status }
    });
    compare("structures-io_blkif", &checks);
}

#[test]
fn io_console_has_the_headers_layout() {
    let checks = structures!(io::console {
        ConsoleRing = "xencons_interface" { input = "in", output = "out", in_cons, in_prod, out_cons, out_prod }
    });
    compare("structures-io_console", &checks);
}

#[test]
fn io_netif_has_the_headers_layout() {
    let checks = structures!(io::netif {
        TxRequest = "netif_tx_request" { gref, offset, flags, id, size }
        TxResponse = "netif_tx_response" { id, status }
        RxRequest = "netif_rx_request" { id, gref }
        RxResponse = "netif_rx_response" { id, offset, flags, status }
        ExtraInfo = "netif_extra_info" { kind = "type", flags, body = "u" }
    });
    compare("structures-io_netif", &checks);
}

#[test]
fn io_ring_has_the_headers_layout() {
    let checks = structures!(io::ring {
        RingHeader = "blkif_sring" { req_prod, req_event, rsp_prod, rsp_event }
    });
    compare("structures-io_ring", &checks);
}

#[test]
fn io_xs_wire_has_the_headers_layout() {
    let checks = structures!(io::xs_wire {
        MessageHeader = "xsd_sockmsg" { kind = "type", req_id, tx_id, len }
        StoreRing = "xenstore_domain_interface" { req, rsp, req_cons, req_prod, rsp_cons, rsp_prod, server_features, connection, error }
    });
    compare("structures-io_xs_wire", &checks);
}

#[test]
fn memory_has_the_headers_layout() {
    let checks = structures!(memory {
        MemoryMap = "xen_memory_map" { nr_entries, buffer }
        ForeignMemoryMap = "xen_foreign_memory_map" { domid, map }
        MachphysMfnList = "xen_machphys_mfn_list" { max_extents, extent_start, nr_extents }
        MachphysMapping = "xen_machphys_mapping" { v_start, v_end, max_mfn }
        ReservedDeviceMemory = "xen_reserved_device_memory" { start_pfn, nr_pages }
        ReservedDeviceMemoryMap = "xen_reserved_device_memory_map" { flags, nr_entries, buffer, device = "dev" }
        VirtualMemoryRange = "xen_vmemrange" { start, end, flags, nid }
        VnumaTopologyInfo = "xen_vnuma_topology_info" { domid, nr_vnodes, nr_vcpus, nr_vmemranges, vdistance, vcpu_to_vnode, vmemrange }
        AddToPhysmap = "xen_add_to_physmap" { domid, size, space, idx, gpfn }
        AddToPhysmapBatch = "xen_add_to_physmap_batch" { domid, space, size, foreign_domid = "u", idxs, gpfns, errs }
        RemoveFromPhysmap = "xen_remove_from_physmap" { domid, gpfn }
        MemoryReservation = "xen_memory_reservation" { extent_start, nr_extents, extent_order, mem_flags, domid }
        MemoryExchange = "xen_memory_exchange" { input = "in", output = "out", nr_exchanged }
        MemoryDomain = "xen_memory_domain" { domid }
        PodTarget = "xen_pod_target" { target_pages, tot_pages, pod_cache_pages, pod_entries, domid }
        AcquireResource = "xen_mem_acquire_resource" { domid, kind = "type", id, nr_frames, frame, frame_list }
    });
    compare("structures-memory", &checks);
}

#[test]
fn nmi_has_the_headers_layout() {
    let checks = structures!(nmi {
        NmiCallback = "xennmi_callback" { handler_address, _pad = "pad" }
    });
    compare("structures-nmi", &checks);
}

#[test]
fn physdev_has_the_headers_layout() {
    let checks = structures!(physdev {
        MapPirq = "physdev_map_pirq" { domid, kind = "type", index, pirq, bus, devfn, entry_nr, table_base }
        UnmapPirq = "physdev_unmap_pirq" { domid, pirq }
        Eoi = "physdev_eoi" { irq }
        PirqEoiGmfn = "physdev_pirq_eoi_gmfn" { gmfn }
        IrqStatusQuery = "physdev_irq_status_query" { irq, flags }
        IrqVector = "physdev_irq" { irq, vector }
        SetupGsi = "physdev_setup_gsi" { gsi, triggering, polarity }
        GetFreePirq = "physdev_get_free_pirq" { kind = "type", pirq }
        PciDevice = "physdev_pci_device" { seg, bus, devfn }
        ManagePci = "physdev_manage_pci" { bus, devfn }
        ManagePciExt = "physdev_manage_pci_ext" { bus, devfn, is_extfn, is_virtfn, physfn_bus = "physfn.bus", physfn_devfn = "physfn.devfn" }
        PciDeviceAdd = "physdev_pci_device_add" { seg, bus, devfn, flags, physfn_bus = "physfn.bus", physfn_devfn = "physfn.devfn" }
        PciMmcfgReserved = "physdev_pci_mmcfg_reserved" { address, segment, start_bus, end_bus, flags }
        DebugPortOp = "physdev_dbgp_op" { op, bus, device = "u" }
        SetIopl = "physdev_set_iopl" { iopl }
        SetIobitmap = "physdev_set_iobitmap" { bitmap, nr_ports }
        ApicAccess = "physdev_apic" { apic_physbase, reg, value }
    });
    compare("structures-physdev", &checks);
}

#[test]
fn platform_has_the_headers_layout() {
    let checks = structures!(platform {
        EnterAcpiSleep = "xenpf_enter_acpi_sleep" { val_a, val_b, sleep_state, flags }
        SetProcessorPminfo = "xenpf_set_processor_pminfo" { id, kind = "type", body = "u" }
        PcpuInfo = "xenpf_pcpuinfo" { xen_cpuid, max_present, flags, apic_id, acpi_id }
        PcpuVersion = "xenpf_pcpu_version" { xen_cpuid, max_present, vendor_id, family, model, stepping }
        CpuOnline = "xenpf_cpu_ol" { cpuid }
        CpuHotadd = "xenpf_cpu_hotadd" { apic_id, acpi_id, pxm }
        MemoryHotadd = "xenpf_mem_hotadd" { spfn, epfn, pxm, flags }
        CoreParking = "xenpf_core_parking" { kind = "type", idle_nums }
        GetIdletime = "xenpf_getidletime" { cpumap_bitmap, cpumap_nr_cpus, idletime, now }
        ResourceOp = "xenpf_resource_op" { nr_entries, cpu, entries }
        ResourceEntry = "xenpf_resource_entry" { cmd = "u.cmd", idx, val }
        SymbolData = "xenpf_symdata" { namelen, symnum, name, address, kind = "type" }
        FirmwareInfo = "xenpf_firmware_info" { kind = "type", index, body = "u" }
        DiskInfo = "xenpf_firmware_info@u.disk_info" { device, version, interface_support, legacy_max_cylinder, legacy_max_head, legacy_sectors_per_track, edd_params }
        DiskMbrSignature = "xenpf_firmware_info@u.disk_mbr_signature" { device, mbr_signature }
        VbeDdcInfo = "xenpf_firmware_info@u.vbeddc_info" { capabilities, edid_transfer_time, edid }
        EfiConfig = "xenpf_firmware_info@u.efi_info.cfg" { addr, nent }
        EfiVendor = "xenpf_firmware_info@u.efi_info.vendor" { revision, bufsz, name }
        EfiMemory = "xenpf_firmware_info@u.efi_info.mem" { addr, size, attr, kind = "type" }
        EfiPciRom = "xenpf_firmware_info@u.efi_info.pci_rom" { segment, bus, devfn, vendor, devid, address, size }
        AppleProperties = "xenpf_firmware_info@u.efi_info.apple_properties" { address, size }
        EfiRuntimeCall = "xenpf_efi_runtime_call" { function, misc, status, body = "u" }
        PlatformRequest = "xen_platform_op" { cmd, interface_version, body = "u" }
        AddMemtype = "xenpf_add_memtype" { mfn, nr_mfns, kind = "type", handle, reg }
        DelMemtype = "xenpf_del_memtype" { handle, reg }
        ReadMemtype = "xenpf_read_memtype" { reg, mfn, nr_mfns, kind = "type" }
        MicrocodeUpdate = "xenpf_microcode_update" { data, length }
        PlatformQuirk = "xenpf_platform_quirk" { quirk_id }
        ChangeFreq = "xenpf_change_freq" { flags, cpu, freq }
        Settime32 = "xenpf_settime32" { secs, nsecs, system_time }
        Settime64 = "xenpf_settime64" { secs, nsecs, mbz, system_time }
    });
    compare("structures-platform", &checks);
}

#[test]
fn sched_has_the_headers_layout() {
    let checks = structures!(sched {
        SchedShutdown = "sched_shutdown" { reason }
        SchedPoll = "sched_poll" { ports, nr_ports, timeout_ns = "timeout" }
        SchedRemoteShutdown = "sched_remote_shutdown" { domain_id, reason }
        SchedWatchdog = "sched_watchdog" { id, timeout_s = "timeout" }
        SchedPinOverride = "sched_pin_override" { pcpu }
    });
    compare("structures-sched", &checks);
}

#[test]
fn sysctl_has_the_headers_layout() {
    let checks = structures!(sysctl {
        ReadConsole = "xen_sysctl_readconsole" { clear, incremental, index, buffer, count }
        PhysInfo = "xen_sysctl_physinfo" { threads_per_core, cores_per_socket, nr_cpus, max_cpu_id, nr_nodes, max_node_id, cpu_khz, capabilities, arch_capabilities, total_pages, free_pages, scrub_pages, outstanding_pages, max_mfn, hw_cap }
        SchedId = "xen_sysctl_sched_id" { sched_id }
        GetDomainInfoList = "xen_sysctl_getdomaininfolist" { first_domain, max_domains, buffer, num_domains }
        DebugKeys = "xen_sysctl_debug_keys" { keys, nr_keys }
        CpuInfo = "xen_sysctl_cpuinfo" { idletime }
        GetCpuInfo = "xen_sysctl_getcpuinfo" { max_cpus, info, nr_cpus }
        AvailHeap = "xen_sysctl_availheap" { min_bitwidth, max_bitwidth, node, avail_bytes }
        SysctlRequest = "xen_sysctl" { cmd, interface_version, body = "u" }
        CpuTopology = "xen_sysctl_cputopo" { core, socket, node }
        CpuTopologyInfo = "xen_sysctl_cputopoinfo" { num_cpus, cputopo }
        MemoryInfo = "xen_sysctl_meminfo" { memsize, memfree }
        NumaInfo = "xen_sysctl_numainfo" { num_nodes, meminfo, distance }
        PciTopologyInfo = "xen_sysctl_pcitopoinfo" { num_devs, devs, nodes }
        CpupoolOp = "xen_sysctl_cpupool_op" { op, cpupool_id, sched_id, domid, cpu, n_dom, cpumap }
        SysctlCpuPolicy = "xen_sysctl_cpu_policy" { index, nr_leaves, nr_msrs, leaves, msrs }
    });
    compare("structures-sysctl", &checks);
}

#[test]
fn vcpu_has_the_headers_layout() {
    let checks = structures!(vcpu {
        RunstateInfo = "vcpu_runstate_info" { state, state_entry_time, time }
        RegisterRunstateMemoryArea = "vcpu_register_runstate_memory_area" { address = "addr" }
        SetPeriodicTimer = "vcpu_set_periodic_timer" { period_ns }
        SetSingleshotTimer = "vcpu_set_singleshot_timer" { timeout_abs_ns, flags }
        RegisterVcpuInfo = "vcpu_register_vcpu_info" { mfn, offset }
        GetPhysid = "vcpu_get_physid" { phys_id }
        RegisterTimeMemoryArea = "vcpu_register_time_memory_area" { address = "addr" }
    });
    compare("structures-vcpu", &checks);
}

#[test]
fn version_has_the_headers_layout() {
    let checks = structures!(version {
        CompileInfo = "xen_compile_info" { compiler, compile_by, compile_domain, compile_date }
        PlatformParameters = "xen_platform_parameters" { virt_start }
        FeatureInfo = "xen_feature_info" { submap_index = "submap_idx", submap }
        BuildId = "xen_build_id" { len }
    });
    compare("structures-version", &checks);
}

#[test]
fn xen_has_the_headers_layout() {
    let checks = structures!(xen {
        ControlBitmap = "xenctl_bitmap" { bitmap, bits = "nr_bits" }
        MulticallEntry = "multicall_entry" { op, result, args }
        MmuUpdate = "mmu_update" { ptr, val }
        MmuextOp = "mmuext_op" { cmd, arg1, arg2 }
        VcpuTimeInfo = "vcpu_time_info" { version, tsc_timestamp, system_time, tsc_to_system_mul, tsc_shift, flags }
        VcpuInfo = "vcpu_info" { evtchn_upcall_pending, evtchn_upcall_mask, evtchn_pending_sel, arch, time }
        SharedInfo = "shared_info" { vcpu_info, evtchn_pending, evtchn_mask, wc_version, wc_sec, wc_nsec, wc_sec_hi, arch }
        StartInfo = "start_info" { magic, nr_pages, shared_info, flags, store_mfn, store_evtchn, console, pt_base, nr_pt_frames, mfn_list, mod_start, mod_len, cmd_line, first_p2m_pfn, nr_p2m_frames }
        MultibootModule = "xen_multiboot_mod_list" { mod_start, mod_end, cmdline }
        VgaConsoleInfo = "dom0_vga_console_info" { video_type, body = "u" }
        VgaTextMode3 = "dom0_vga_console_info@u.text_mode_3" { font_height, cursor_x, cursor_y, rows, columns }
        VesaLfb = "dom0_vga_console_info@u.vesa_lfb" { width, height, bytes_per_line, bits_per_pixel, lfb_base, lfb_size, red_pos, red_size, green_pos, green_size, blue_pos, blue_size, rsvd_pos, rsvd_size, gbl_caps, mode_attrs, ext_lfb_base }
    });
    compare("structures-xen", &checks);
}
