/* SPDX-License-Identifier: MIT */
/* The keys of xl.cfg(5) of Xen 4.17 and earlier, and their members of libxl_domain_config. */
#include "config/keys/key.h"

#include <string.h>

#include "config/devices/devices.h"
#include "limits/limits.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HVM(member) "b_info.\"type.hvm\"." member
#define PV(member)  "b_info.\"type.pv\"." member
#define PVH(member) "b_info.\"type.pvh\"." member

/* --- words ---------------------------------------------------------------------------------- */

static const struct key_word actions[] = {
	{ "destroy", "destroy" }, { "restart", "restart" }, { "rename-restart", "restart_rename" },
	{ "preserve", "preserve" }, { "coredump-destroy", "coredump_destroy" },
	{ "coredump-restart", "coredump_restart" }, { "soft-reset", "soft_reset" }, { NULL, NULL }
};
static const struct key_word device_models[] = {
	{ "qemu-xen", "qemu_xen" }, { "qemu-xen-traditional", "qemu_xen_traditional" }, { NULL, NULL }
};
static const struct key_word bioses[] = {
	{ "seabios", "seabios" }, { "rombios", "rombios" }, { "ovmf", "ovmf" }, { NULL, NULL }
};
static const struct key_word firmwares[] = {
	{ "uefi", "ovmf" }, { "bios", "" }, { "seabios", "seabios" }, { "rombios", "rombios" },
	{ "ovmf", "ovmf" }, { NULL, NULL }
};
static const struct key_word vgas[] = {
	{ "stdvga", "std" }, { "cirrus", "cirrus" }, { "none", "none" }, { "qxl", "qxl" }, { NULL, NULL }
};
/* numbers: the deprecated form */
static const struct key_word tsc_modes[] = {
	{ "default", "default" }, { "always_emulate", "always_emulate" }, { "native", "native" },
	{ "native_paravirt", "native_paravirt" }, { "0", "default" }, { "1", "always_emulate" },
	{ "2", "native" }, { "3", "native_paravirt" }, { NULL, NULL }
};
static const struct key_word timer_modes[] = {
	{ "delay_for_missed_ticks", "delay_for_missed_ticks" },
	{ "no_delay_for_missed_ticks", "no_delay_for_missed_ticks" },
	{ "no_missed_ticks_pending", "no_missed_ticks_pending" },
	{ "one_missed_tick_pending", "one_missed_tick_pending" },
	{ "0", "delay_for_missed_ticks" }, { "1", "no_delay_for_missed_ticks" },
	{ "2", "no_missed_ticks_pending" }, { "3", "one_missed_tick_pending" }, { NULL, NULL }
};
static const struct key_word altp2m_modes[] = {
	{ "disabled", "disabled" }, { "mixed", "mixed" }, { "external", "external" },
	{ "limited", "limited" }, { "0", "disabled" }, { "1", "mixed" }, { "2", "external" },
	{ "3", "limited" }, { NULL, NULL }
};
static const struct key_word disk_buses[] = { { "ide", "ide" }, { "ahci", "ahci" }, { NULL, NULL } };
static const struct key_word vendors[] = {
	{ "none", "none" }, { "xenserver", "xenserver" }, { NULL, NULL }
};
static const struct key_word passthroughs[] = {
	{ "default", "default" }, { "disabled", "disabled" }, { "enabled", "enabled" },
	{ "sync_pt", "sync_pt" }, { "share_pt", "share_pt" }, { NULL, NULL }
};
static const struct key_word graphics[] = { { "default", "default" }, { "igd", "igd" }, { NULL, NULL } };
static const struct key_word gics[] = {
	{ "default", "default" }, { "v2", "v2" }, { "v3", "v3" }, { NULL, NULL }
};
static const struct key_word vuarts[] = {
	{ "unknown", "unknown" }, { "sbsa_uart", "sbsa_uart" }, { NULL, NULL }
};
static const struct key_word tees[] = { { "none", "none" }, { "optee", "optee" }, { NULL, NULL } };
/* linux: from xend; xl accepted it up to Xen 4.10 */
static const struct key_word builders[] = {
	{ "hvm", "hvm" }, { "generic", "pv" }, { "linux", "pv" }, { NULL, NULL }
};
static const struct key_word generations[] = {
	{ "generate", "generate" }, { "none", "none" }, { NULL, NULL }
};
static const struct key_word mca_capabilities[] = { { "lmce", "lmce" }, { NULL, NULL } };

/* --- the table ------------------------------------------------------------------------------ */

#define MIB_MAX	  (UINT64_C(16) << 20) /* 16 TiB, the most that Xen gives a guest */

const struct config_key xst_config_keys[] = {
	/* type first: what other keys mean depends on it */
	KEY_ROW("type", type, "c_info.type"),
	KEY_ROW("builder", builder, "c_info.type", .words = builders, .also = true),
	KEY_ROW("name", name, "c_info.name"),
	KEY_ROW("uuid", uuid, "c_info.uuid"),
	KEY_ROW("pool", string, "c_info.pool_name"),
	KEY_ROW("seclabel", string, "c_info.ssid_label"),
	KEY_ROW("init_seclabel", string, "c_info.ssid_label", .also = true),
	KEY_ROW("hap", bool, "c_info.hap"),
	KEY_ROW("oos", bool, "c_info.oos"),
	KEY_ROW("driver_domain", bool, "c_info.driver_domain"),
	KEY_ROW("passthrough", word, "c_info.passthrough", .words = passthroughs,
		.any_case = true),
	KEY_ROW("xend_suspend_evtchn_compat", bool, "c_info.xend_suspend_evtchn_compat"),

	KEY_ROW("maxvcpus", maxvcpus, "b_info.max_vcpus", .min = 1, .max = LIMIT_PV_VCPUS),
	KEY_ROW("vcpus", vcpus, "b_info.avail_vcpus", .min = 1, .max = LIMIT_PV_VCPUS),
	KEY_ROW("maxmem", maxmem, "b_info.max_memkb", .min = 1, .max = MIB_MAX),
	KEY_ROW("memory", memory, "b_info.target_memkb", .min = 1, .max = MIB_MAX),
	KEY_ROW("videoram", mib, "b_info.video_memkb", .guests = FOR_HVM, .max = 1u << 20),
	KEY_ROW("shadow_memory", mib, "b_info.shadow_memkb", .max = MIB_MAX),
	KEY_ROW("cpus", affinity, "b_info.vcpu_hard_affinity"),
	KEY_ROW("cpus_soft", affinity, "b_info.vcpu_soft_affinity"),
	KEY_ROW("cpu_weight", number, "b_info.sched_params.weight"),
	KEY_ROW("cap", number, "b_info.sched_params.cap"),
	KEY_ROW("period", number, "b_info.sched_params.period"),
	KEY_ROW("slice", number, "b_info.sched_params.slice"),
	KEY_ROW("latency", number, "b_info.sched_params.latency"),
	KEY_ROW("extratime", number, "b_info.sched_params.extratime"),

	KEY_ROW("kernel", string, "b_info.kernel", .older = PV("kernel")),
	KEY_ROW("ramdisk", string, "b_info.ramdisk", .older = PV("ramdisk")),
	KEY_ROW("cmdline", string, "b_info.cmdline", .older = PV("cmdline")),
	KEY_ROW("root", cmdline, "b_info.cmdline", .also = true),
	KEY_ROW("extra", cmdline, "b_info.cmdline", .also = true),
	KEY_ROW("bootloader", string, "b_info.bootloader", .older = PV("bootloader")),
	KEY_ROW("bootloader_args", arguments, "b_info.bootloader_args",
		.older = PV("bootloader_args")),
	KEY_ROW("device_tree", string, "b_info.device_tree"),
	KEY_ROW("acpi", bool, "b_info.acpi", .older = HVM("acpi")),
	KEY_ROW("apic", bool, "b_info.apic", .older = HVM("apic"), .guests = FOR_HVM),
	KEY_ROW("nestedhvm", bool, "b_info.nested_hvm", .older = HVM("nested_hvm")),
	KEY_ROW("timer_mode", word, "b_info.timer_mode", .words = timer_modes, .any_case = true,
		.older = HVM("timer_mode"), .guests = FOR_HVM | FOR_PVH),
	KEY_ROW("tsc_mode", word, "b_info.tsc_mode", .words = tsc_modes, .any_case = true),
	KEY_ROW("localtime", bool, "b_info.localtime"),
	KEY_ROW("rtc_timeoffset", number, "b_info.rtc_timeoffset", .max = UINT32_MAX,
		.wraps = true),
	KEY_ROW("nomigrate", bool, "b_info.disable_migrate"),
	KEY_ROW("max_grant_frames", number, "b_info.max_grant_frames", .max = INT32_MAX),
	KEY_ROW("max_maptrack_frames", number, "b_info.max_maptrack_frames", .max = INT32_MAX),
	KEY_ROW("max_grant_version", number, "b_info.max_grant_version", .max = 2),
	KEY_ROW("max_event_channels", number, "b_info.event_channels", .max = UINT32_MAX),
	KEY_ROW("altp2m", word, "b_info.altp2m", .words = altp2m_modes, .any_case = true),
	KEY_ROW("vpmu", bool, "b_info.vpmu"),
	KEY_ROW("vmtrace_buf_kb", number, "b_info.vmtrace_buf_kb"),
	KEY_ROW("msr_relaxed", bool, "b_info.arch_x86.msr_relaxed"),
	KEY_ROW("gic_version", word, "b_info.arch_arm.gic_version", .words = gics,
		.any_case = true),
	KEY_ROW("vuart", word, "b_info.arch_arm.vuart", .words = vuarts, .any_case = true),
	KEY_ROW("tee", word, "b_info.tee", .words = tees, .any_case = true),
	KEY_ROW("cpuid", cpuid, "b_info.cpuid", .older = "b_info.cpuid.cpuid"),
	KEY_ROW("ioports", ioports, "b_info.ioports"),
	KEY_ROW("irqs", numbers, "b_info.irqs", .max = INT32_MAX),
	KEY_ROW("iomem", iomem, "b_info.iomem"),

	KEY_ROW("device_model_version", word, "b_info.device_model_version",
		.words = device_models),
	KEY_ROW("device_model_override", string, "b_info.device_model"),
	KEY_ROW("device_model_args", strings, "b_info.extra"),
	KEY_ROW("device_model_args_pv", strings, "b_info.extra_pv"),
	KEY_ROW("device_model_args_hvm", strings, "b_info.extra_hvm"),
	KEY_ROW("device_model_user", string, "b_info.device_model_user"),
	KEY_ROW("device_model_stubdomain_override", bool, "b_info.device_model_stubdomain"),
	KEY_ROW("device_model_stubdomain_seclabel", string, "b_info.device_model_ssid_label"),
	KEY_ROW("stubdomain_memory", mib, "b_info.stubdomain_memkb", .max = MIB_MAX),
	KEY_ROW("stubdomain_kernel", string, "b_info.stubdomain_kernel"),
	KEY_ROW("stubdomain_cmdline", string, "b_info.stubdomain_cmdline"),
	KEY_ROW("stubdomain_ramdisk", string, "b_info.stubdomain_ramdisk"),
	KEY_ROW("dm_restrict", bool, "b_info.dm_restrict"),

	KEY_ROW("e820_host", bool, PV("e820_host"), .guests = FOR_PV),

	KEY_ROW("pvshim", bool, PVH("pvshim"), .guests = FOR_PVH),
	KEY_ROW("pvshim_path", string, PVH("pvshim_path"), .guests = FOR_PVH),
	KEY_ROW("pvshim_cmdline", string, PVH("pvshim_cmdline"), .guests = FOR_PVH),
	KEY_ROW("pvshim_extra", string, PVH("pvshim_extra"), .guests = FOR_PVH),

	KEY_ROW("bios", word, HVM("bios"), .words = bioses, .any_case = true, .guests = FOR_HVM),
	KEY_ROW("firmware", firmware, HVM("firmware"), .words = firmwares, .any_case = true,
		.older = HVM("bios"), .guests = FOR_HVM),
	KEY_ROW("firmware_override", string, HVM("firmware"), .guests = FOR_HVM, .also = true),
	KEY_ROW("bios_path_override", string, HVM("system_firmware"), .guests = FOR_HVM),
	KEY_ROW("smbios_firmware", string, HVM("smbios_firmware"), .guests = FOR_HVM),
	KEY_ROW("acpi_firmware", string, HVM("acpi_firmware"), .guests = FOR_HVM),
	KEY_ROW("boot", boot, HVM("boot"), .guests = FOR_HVM),
	KEY_ROW("hdtype", word, HVM("hdtype"), .words = disk_buses, .any_case = true,
		.guests = FOR_HVM),
	KEY_ROW("pae", bool, HVM("pae"), .guests = FOR_HVM),
	KEY_ROW("acpi_s3", bool, HVM("acpi_s3"), .guests = FOR_HVM),
	KEY_ROW("acpi_s4", bool, HVM("acpi_s4"), .guests = FOR_HVM),
	KEY_ROW("acpi_laptop_slate", bool, HVM("acpi_laptop_slate"), .guests = FOR_HVM),
	KEY_ROW("nx", bool, HVM("nx"), .guests = FOR_HVM),
	KEY_ROW("hpet", bool, HVM("hpet"), .guests = FOR_HVM),
	KEY_ROW("vpt_align", bool, HVM("vpt_align"), .guests = FOR_HVM),
	KEY_ROW("mmio_hole", mib, HVM("mmio_hole_memkb"), .guests = FOR_HVM, .min = 256,
		.max = 3840),
	KEY_ROW("altp2mhvm", bool, HVM("altp2m"), .guests = FOR_HVM),
	KEY_ROW("viridian", viridian, HVM("viridian"), .guests = FOR_HVM),
	KEY_ROW("xen_platform_pci", bool, HVM("xen_platform_pci"), .guests = FOR_HVM),
	KEY_ROW("vendor_device", word, HVM("vendor_device"), .words = vendors, .any_case = true,
		.guests = FOR_HVM),
	KEY_ROW("rdm_mem_boundary", mib, HVM("rdm_mem_boundary_memkb"), .guests = FOR_HVM,
		.max = MIB_MAX),

	KEY_ROW("nographic", bool, HVM("nographic"), .guests = FOR_HVM),
	KEY_ROW("vga", word, HVM("vga.kind"), .words = vgas, .guests = FOR_HVM),
	KEY_ROW("stdvga", stdvga, HVM("vga.kind"), .guests = FOR_HVM, .also = true),
	KEY_ROW("vnc", bool, HVM("vnc.enable"), .guests = FOR_HVM),
	KEY_ROW("vnclisten", string, HVM("vnc.listen"), .guests = FOR_HVM),
	KEY_ROW("vncpasswd", string, HVM("vnc.passwd"), .guests = FOR_HVM),
	KEY_ROW("vncdisplay", number, HVM("vnc.display"), .guests = FOR_HVM),
	KEY_ROW("vncunused", bool, HVM("vnc.findunused"), .guests = FOR_HVM),
	KEY_ROW("keymap", string, HVM("keymap"), .guests = FOR_HVM),
	KEY_ROW("sdl", bool, HVM("sdl.enable"), .guests = FOR_HVM),
	KEY_ROW("opengl", bool, HVM("sdl.opengl"), .guests = FOR_HVM),
	KEY_ROW("display", string, HVM("sdl.display"), .guests = FOR_HVM),
	KEY_ROW("xauthority", string, HVM("sdl.xauthority"), .guests = FOR_HVM),
	KEY_ROW("spice", bool, HVM("spice.enable"), .guests = FOR_HVM),
	KEY_ROW("spiceport", number, HVM("spice.port"), .guests = FOR_HVM, .max = 65535),
	KEY_ROW("spicetls_port", number, HVM("spice.tls_port"), .guests = FOR_HVM, .max = 65535),
	KEY_ROW("spicehost", string, HVM("spice.host"), .guests = FOR_HVM),
	KEY_ROW("spicedisable_ticketing", bool, HVM("spice.disable_ticketing"), .guests = FOR_HVM),
	KEY_ROW("spicepasswd", string, HVM("spice.passwd"), .guests = FOR_HVM),
	KEY_ROW("spiceagent_mouse", bool, HVM("spice.agent_mouse"), .guests = FOR_HVM),
	KEY_ROW("spicevdagent", bool, HVM("spice.vdagent"), .guests = FOR_HVM),
	KEY_ROW("spice_clipboard_sharing", bool, HVM("spice.clipboard_sharing"),
		.guests = FOR_HVM),
	KEY_ROW("spiceusbredirection", number, HVM("spice.usbredirection"), .guests = FOR_HVM),
	KEY_ROW("spice_image_compression", string, HVM("spice.image_compression"),
		.guests = FOR_HVM),
	KEY_ROW("spice_streaming_video", string, HVM("spice.streaming_video"), .guests = FOR_HVM),
	KEY_ROW("gfx_passthru", gfx_passthru, HVM("gfx_passthru"), .words = graphics,
		.any_case = true, .older = HVM("gfx_passthru_kind"), .guests = FOR_HVM),
	KEY_ROW("serial", string_or_list, HVM("serial"), .older = HVM("serial_list"),
		.guests = FOR_HVM),
	KEY_ROW("usb", bool, HVM("usb"), .guests = FOR_HVM),
	KEY_ROW("usbversion", number, HVM("usbversion"), .guests = FOR_HVM),
	KEY_ROW("usbdevice", string_or_list, HVM("usbdevice"), .older = HVM("usbdevice_list"),
		.guests = FOR_HVM),
	KEY_ROW("vkb_device", bool, HVM("vkb_device"), .guests = FOR_HVM),
	KEY_ROW("soundhw", string, HVM("soundhw"), .guests = FOR_HVM),

	KEY_ROW("on_poweroff", word, "on_poweroff", .words = actions, .absent = "destroy"),
	KEY_ROW("on_reboot", word, "on_reboot", .words = actions, .absent = "destroy",
		.initial = "restart"),
	KEY_ROW("on_watchdog", word, "on_watchdog", .words = actions, .absent = "destroy"),
	KEY_ROW("on_crash", word, "on_crash", .words = actions, .absent = "destroy"),
	KEY_ROW("on_soft_reset", word, "on_soft_reset", .words = actions, .absent = "destroy",
		.initial = "soft-reset"),

	KEY_ROW("disk", disks, "disks"),
	KEY_ROW("vif", vifs, "nics"),
	KEY_ROW("vfb", framebuffers, "vfbs", .parts = xst_device_vfb),
	KEY_ROW("vkb", devices, "vkbs", .parts = xst_device_vkb),
	KEY_ROW("vtpm", devices, "vtpms", .parts = xst_device_vtpm),
	KEY_ROW("p9", devices, "p9s", .parts = xst_device_p9),
	KEY_ROW("usbctrl", devices, "usbctrls", .parts = xst_device_usbctrl),
	KEY_ROW("usbdev", devices, "usbdevs", .parts = xst_device_usbdev),
	KEY_ROW("channel", devices, "channels", .parts = xst_device_channel),
	KEY_ROW("dtdev", devices, "dtdevs", .parts = xst_device_dtdev),

	KEY_ROW("pci", pci, "pcidevs"),
	KEY_ROW("pci_msitranslate", pci_flag, "pcidevs", .also = true),
	KEY_ROW("pci_power_mgmt", pci_flag, "pcidevs", .also = true),
	KEY_ROW("pci_permissive", pci_flag, "pcidevs", .also = true),
	KEY_ROW("pci_seize", pci_flag, "pcidevs", .also = true),
	KEY_ROW("vnuma", other_list, "b_info.vnuma_nodes"),
	KEY_ROW("rdm", unmapped, HVM("rdm")),
	KEY_ROW("mca_caps", other_list, HVM("mca_caps"), .words = mca_capabilities),
	KEY_ROW("ms_vm_genid", unmapped, HVM("ms_vm_genid"), .words = generations),
	KEY_ROW("vdispl", other_list, "vdispls"),
	KEY_ROW("vsnd", other_list, "vsnds"),
	KEY_ROW("pvcalls", other_list, "pvcallsifs"),
};
const size_t xst_config_keys_count = COUNT(xst_config_keys);

const struct config_key *xst_key_find(const char *name)
{
	for (size_t i = 0; i < xst_config_keys_count; i++)
		if (strcmp(xst_config_keys[i].name, name) == 0)
			return &xst_config_keys[i];
	return NULL;
}
