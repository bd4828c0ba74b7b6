/* SPDX-License-Identifier: MIT */
/* xl.cfg(5) of Xen 4.17, and what was there before it, against the members of
 * libxl_domain_config. */
#include "config/keys/key.h"

#include <string.h>

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
/* linux: as xend had it, and xl up to Xen 4.10 took it */
static const struct key_word builders[] = {
	{ "hvm", "hvm" }, { "generic", "pv" }, { "linux", "pv" }, { NULL, NULL }
};
static const struct key_word generations[] = {
	{ "generate", "generate" }, { "none", "none" }, { NULL, NULL }
};
static const struct key_word mca_capabilities[] = { { "lmce", "lmce" }, { NULL, NULL } };
static const struct key_word connections[] = { { "pty", "pty" }, { "socket", "socket" }, { NULL, NULL } };
static const struct key_word usb_devices[] = { { "hostdev", "hostdev" }, { NULL, NULL } };
static const struct key_word usb_controllers[] = {
	{ "auto", "auto" }, { "pv", "pv" }, { "devicemodel", "devicemodel" }, { "qusb", "qusb" },
	{ NULL, NULL }
};

/* --- devices -------------------------------------------------------------------------------- */

#define INDEX	{ .name = "", .kind = KEY_INDEX, .path = "devid" }
#define BACKEND { .name = "backend", .path = "backend_domname" }
#define END	{ .name = NULL }

static const struct config_key vfb_parts[] = {
	INDEX,
	{ .name = "vnc", .kind = KEY_BOOL, .path = "vnc.enable" },
	{ .name = "vnclisten", .path = "vnc.listen" },
	{ .name = "vncpasswd", .path = "vnc.passwd" },
	{ .name = "vncdisplay", .kind = KEY_NUMBER, .path = "vnc.display" },
	{ .name = "vncunused", .kind = KEY_BOOL, .path = "vnc.findunused" },
	{ .name = "keymap", .path = "keymap" },
	{ .name = "sdl", .kind = KEY_BOOL, .path = "sdl.enable" },
	{ .name = "opengl", .kind = KEY_BOOL, .path = "sdl.opengl" },
	{ .name = "display", .path = "sdl.display" },
	{ .name = "xauthority", .path = "sdl.xauthority" },
	END
};
static const struct config_key vkb_parts[] = {
	INDEX,
	BACKEND,
	{ .name = "backend-type", .path = "backend_type", .needed = true,
	  .absent = "qemu" },
	{ .name = "unique-id", .path = "unique_id" },
	{ .name = "feature-disable-keyboard", .kind = KEY_PLAIN_BOOL, .path = "feature_disable_keyboard" },
	{ .name = "feature-disable-pointer", .kind = KEY_PLAIN_BOOL, .path = "feature_disable_pointer" },
	{ .name = "feature-abs-pointer", .kind = KEY_PLAIN_BOOL, .path = "feature_abs_pointer" },
	{ .name = "feature-raw-pointer", .kind = KEY_PLAIN_BOOL, .path = "feature_raw_pointer" },
	{ .name = "feature-multi-touch", .kind = KEY_PLAIN_BOOL, .path = "feature_multi_touch" },
	{ .name = "width", .kind = KEY_NUMBER, .path = "width" },
	{ .name = "height", .kind = KEY_NUMBER, .path = "height" },
	{ .name = "multi-touch-width", .kind = KEY_NUMBER, .path = "multi_touch_width" },
	{ .name = "multi-touch-height", .kind = KEY_NUMBER, .path = "multi_touch_height" },
	{ .name = "multi-touch-num-contacts", .kind = KEY_NUMBER, .path = "multi_touch_num_contacts" },
	END
};
static const struct config_key vtpm_parts[] = {
	INDEX,
	{ .name = "backend", .path = "backend_domname", .needed = true },
	{ .name = "uuid", .kind = KEY_UUID, .path = "uuid" },
	END
};
static const struct config_key p9_parts[] = {
	BACKEND,
	{ .name = "tag", .path = "tag", .needed = true },
	{ .name = "path", .path = "path", .needed = true },
	{ .name = "security_model", .path = "security_model", .needed = true },
	END
};
static const struct config_key usbctrl_parts[] = {
	INDEX,
	{ .name = "type", .kind = KEY_WORD, .words = usb_controllers, .any_case = true, .path = "type" },
	{ .name = "version", .kind = KEY_NUMBER, .path = "version" },
	{ .name = "ports", .kind = KEY_NUMBER, .path = "ports" },
	END
};
static const struct config_key usbdev_parts[] = {
	{ .name = "type", .kind = KEY_VARIANT, .words = usb_devices, .path = "type", .initial = "hostdev" },
	{ .name = "hostbus", .kind = KEY_NUMBER, .path = "\"type.hostdev\".hostbus" },
	{ .name = "hostaddr", .kind = KEY_NUMBER, .path = "\"type.hostdev\".hostaddr" },
	{ .name = "controller", .kind = KEY_NUMBER, .path = "ctrl" },
	{ .name = "port", .kind = KEY_NUMBER, .path = "port" },
	END
};
static const struct config_key channel_parts[] = {
	INDEX,
	BACKEND,
	{ .name = "name", .path = "name" },
	{ .name = "connection", .kind = KEY_VARIANT, .words = connections, .path = "connection",
	  .needed = true },
	{ .name = "path", .path = "\"connection.socket\".path" },
	END
};
static const struct config_key dtdev_parts[] = {
	{ .name = "", .path = "path" },
	END
};

/* --- the table ------------------------------------------------------------------------------ */

#define MIB_MAX	  (UINT64_C(16) << 20) /* 16 TiB, the most that Xen gives a guest */
#define VCPUS_MAX 8192

const struct config_key xst_config_keys[] = {
	/* type first: what other keys mean depends on it */
	{ .name = "type", .kind = KEY_TYPE, .path = "c_info.type" },
	{ .name = "builder", .kind = KEY_BUILDER, .words = builders, .path = "c_info.type", .also = true },
	{ .name = "name", .path = "c_info.name" },
	{ .name = "uuid", .kind = KEY_UUID, .path = "c_info.uuid" },
	{ .name = "pool", .path = "c_info.pool_name" },
	{ .name = "seclabel", .path = "c_info.ssid_label" },
	{ .name = "init_seclabel", .path = "c_info.ssid_label", .also = true },
	{ .name = "hap", .kind = KEY_BOOL, .path = "c_info.hap" },
	{ .name = "oos", .kind = KEY_BOOL, .path = "c_info.oos" },
	{ .name = "driver_domain", .kind = KEY_BOOL, .path = "c_info.driver_domain" },
	{ .name = "passthrough", .kind = KEY_WORD, .words = passthroughs, .any_case = true,
	  .path = "c_info.passthrough" },
	{ .name = "xend_suspend_evtchn_compat", .kind = KEY_BOOL,
	  .path = "c_info.xend_suspend_evtchn_compat" },

	{ .name = "maxvcpus", .kind = KEY_MAXVCPUS, .path = "b_info.max_vcpus", .min = 1, .max = VCPUS_MAX },
	{ .name = "vcpus", .kind = KEY_VCPUS, .path = "b_info.avail_vcpus", .min = 1, .max = VCPUS_MAX },
	{ .name = "maxmem", .kind = KEY_MIB, .path = "b_info.max_memkb", .min = 1, .max = MIB_MAX },
	{ .name = "memory", .kind = KEY_MEMORY, .path = "b_info.target_memkb", .min = 1, .max = MIB_MAX },
	{ .name = "videoram", .kind = KEY_MIB, .path = "b_info.video_memkb", .guests = FOR_HVM,
	  .max = 1u << 20 },
	{ .name = "shadow_memory", .kind = KEY_MIB, .path = "b_info.shadow_memkb", .max = MIB_MAX },
	{ .name = "cpus", .kind = KEY_AFFINITY, .path = "b_info.vcpu_hard_affinity" },
	{ .name = "cpus_soft", .kind = KEY_AFFINITY, .path = "b_info.vcpu_soft_affinity" },
	{ .name = "cpu_weight", .kind = KEY_NUMBER, .path = "b_info.sched_params.weight" },
	{ .name = "cap", .kind = KEY_NUMBER, .path = "b_info.sched_params.cap" },
	{ .name = "period", .kind = KEY_NUMBER, .path = "b_info.sched_params.period" },
	{ .name = "slice", .kind = KEY_NUMBER, .path = "b_info.sched_params.slice" },
	{ .name = "latency", .kind = KEY_NUMBER, .path = "b_info.sched_params.latency" },
	{ .name = "extratime", .kind = KEY_NUMBER, .path = "b_info.sched_params.extratime" },

	{ .name = "kernel", .path = "b_info.kernel", .older = PV("kernel") },
	{ .name = "ramdisk", .path = "b_info.ramdisk", .older = PV("ramdisk") },
	{ .name = "cmdline", .path = "b_info.cmdline", .older = PV("cmdline") },
	{ .name = "root", .kind = KEY_CMDLINE, .path = "b_info.cmdline", .also = true },
	{ .name = "extra", .kind = KEY_CMDLINE, .path = "b_info.cmdline", .also = true },
	{ .name = "bootloader", .path = "b_info.bootloader", .older = PV("bootloader") },
	{ .name = "bootloader_args", .kind = KEY_ARGUMENTS, .path = "b_info.bootloader_args",
	  .older = PV("bootloader_args") },
	{ .name = "device_tree", .path = "b_info.device_tree" },
	{ .name = "acpi", .kind = KEY_BOOL, .path = "b_info.acpi", .older = HVM("acpi") },
	{ .name = "apic", .kind = KEY_BOOL, .path = "b_info.apic", .older = HVM("apic"),
	  .guests = FOR_HVM },
	{ .name = "nestedhvm", .kind = KEY_BOOL, .path = "b_info.nested_hvm",
	  .older = HVM("nested_hvm") },
	{ .name = "timer_mode", .kind = KEY_WORD, .words = timer_modes, .any_case = true,
	  .path = "b_info.timer_mode", .older = HVM("timer_mode"), .guests = FOR_HVM | FOR_PVH },
	{ .name = "tsc_mode", .kind = KEY_WORD, .words = tsc_modes, .any_case = true, .path = "b_info.tsc_mode" },
	{ .name = "localtime", .kind = KEY_BOOL, .path = "b_info.localtime" },
	{ .name = "rtc_timeoffset", .kind = KEY_NUMBER, .path = "b_info.rtc_timeoffset",
	  .max = UINT32_MAX, .wraps = true },
	{ .name = "nomigrate", .kind = KEY_BOOL, .path = "b_info.disable_migrate" },
	{ .name = "max_grant_frames", .kind = KEY_NUMBER, .path = "b_info.max_grant_frames",
	  .max = INT32_MAX },
	{ .name = "max_maptrack_frames", .kind = KEY_NUMBER, .path = "b_info.max_maptrack_frames",
	  .max = INT32_MAX },
	{ .name = "max_grant_version", .kind = KEY_NUMBER, .path = "b_info.max_grant_version", .max = 2 },
	{ .name = "max_event_channels", .kind = KEY_NUMBER, .path = "b_info.event_channels",
	  .max = UINT32_MAX },
	{ .name = "altp2m", .kind = KEY_WORD, .words = altp2m_modes, .any_case = true, .path = "b_info.altp2m" },
	{ .name = "vpmu", .kind = KEY_BOOL, .path = "b_info.vpmu" },
	{ .name = "vmtrace_buf_kb", .kind = KEY_NUMBER, .path = "b_info.vmtrace_buf_kb" },
	{ .name = "msr_relaxed", .kind = KEY_BOOL, .path = "b_info.arch_x86.msr_relaxed" },
	{ .name = "gic_version", .kind = KEY_WORD, .words = gics, .any_case = true,
	  .path = "b_info.arch_arm.gic_version" },
	{ .name = "vuart", .kind = KEY_WORD, .words = vuarts, .any_case = true,
	  .path = "b_info.arch_arm.vuart" },
	{ .name = "tee", .kind = KEY_WORD, .words = tees, .any_case = true, .path = "b_info.tee" },
	{ .name = "cpuid", .kind = KEY_CPUID, .path = "b_info.cpuid", .older = "b_info.cpuid.cpuid" },
	{ .name = "ioports", .kind = KEY_IOPORTS, .path = "b_info.ioports" },
	{ .name = "irqs", .kind = KEY_NUMBERS, .path = "b_info.irqs", .max = INT32_MAX },
	{ .name = "iomem", .kind = KEY_IOMEM, .path = "b_info.iomem" },

	{ .name = "device_model_version", .kind = KEY_WORD, .words = device_models,
	  .path = "b_info.device_model_version" },
	{ .name = "device_model_override", .path = "b_info.device_model" },
	{ .name = "device_model_args", .kind = KEY_STRINGS, .path = "b_info.extra" },
	{ .name = "device_model_args_pv", .kind = KEY_STRINGS, .path = "b_info.extra_pv" },
	{ .name = "device_model_args_hvm", .kind = KEY_STRINGS, .path = "b_info.extra_hvm" },
	{ .name = "device_model_user", .path = "b_info.device_model_user" },
	{ .name = "device_model_stubdomain_override", .kind = KEY_BOOL,
	  .path = "b_info.device_model_stubdomain" },
	{ .name = "device_model_stubdomain_seclabel", .path = "b_info.device_model_ssid_label" },
	{ .name = "stubdomain_memory", .kind = KEY_MIB, .path = "b_info.stubdomain_memkb", .max = MIB_MAX },
	{ .name = "stubdomain_kernel", .path = "b_info.stubdomain_kernel" },
	{ .name = "stubdomain_cmdline", .path = "b_info.stubdomain_cmdline" },
	{ .name = "stubdomain_ramdisk", .path = "b_info.stubdomain_ramdisk" },
	{ .name = "dm_restrict", .kind = KEY_BOOL, .path = "b_info.dm_restrict" },

	{ .name = "e820_host", .kind = KEY_BOOL, .path = PV("e820_host"), .guests = FOR_PV },

	{ .name = "pvshim", .kind = KEY_BOOL, .path = PVH("pvshim"), .guests = FOR_PVH },
	{ .name = "pvshim_path", .path = PVH("pvshim_path"), .guests = FOR_PVH },
	{ .name = "pvshim_cmdline", .path = PVH("pvshim_cmdline"), .guests = FOR_PVH },
	{ .name = "pvshim_extra", .path = PVH("pvshim_extra"), .guests = FOR_PVH },

	{ .name = "bios", .kind = KEY_WORD, .words = bioses, .any_case = true, .path = HVM("bios"),
	  .guests = FOR_HVM },
	{ .name = "firmware", .kind = KEY_FIRMWARE, .words = firmwares, .any_case = true,
	  .path = HVM("firmware"), .older = HVM("bios"), .guests = FOR_HVM },
	{ .name = "firmware_override", .path = HVM("firmware"), .guests = FOR_HVM, .also = true },
	{ .name = "bios_path_override", .path = HVM("system_firmware"), .guests = FOR_HVM },
	{ .name = "smbios_firmware", .path = HVM("smbios_firmware"), .guests = FOR_HVM },
	{ .name = "acpi_firmware", .path = HVM("acpi_firmware"), .guests = FOR_HVM },
	{ .name = "boot", .path = HVM("boot"), .guests = FOR_HVM },
	{ .name = "hdtype", .kind = KEY_WORD, .words = disk_buses, .any_case = true,
	  .path = HVM("hdtype"), .guests = FOR_HVM },
	{ .name = "pae", .kind = KEY_BOOL, .path = HVM("pae"), .guests = FOR_HVM },
	{ .name = "acpi_s3", .kind = KEY_BOOL, .path = HVM("acpi_s3"), .guests = FOR_HVM },
	{ .name = "acpi_s4", .kind = KEY_BOOL, .path = HVM("acpi_s4"), .guests = FOR_HVM },
	{ .name = "acpi_laptop_slate", .kind = KEY_BOOL, .path = HVM("acpi_laptop_slate"),
	  .guests = FOR_HVM },
	{ .name = "nx", .kind = KEY_BOOL, .path = HVM("nx"), .guests = FOR_HVM },
	{ .name = "hpet", .kind = KEY_BOOL, .path = HVM("hpet"), .guests = FOR_HVM },
	{ .name = "vpt_align", .kind = KEY_BOOL, .path = HVM("vpt_align"), .guests = FOR_HVM },
	{ .name = "mmio_hole", .kind = KEY_MIB, .path = HVM("mmio_hole_memkb"), .guests = FOR_HVM,
	  .min = 256, .max = 3840 },
	{ .name = "altp2mhvm", .kind = KEY_BOOL, .path = HVM("altp2m"), .guests = FOR_HVM },
	{ .name = "viridian", .kind = KEY_VIRIDIAN, .path = HVM("viridian"), .guests = FOR_HVM },
	{ .name = "xen_platform_pci", .kind = KEY_BOOL, .path = HVM("xen_platform_pci"),
	  .guests = FOR_HVM },
	{ .name = "vendor_device", .kind = KEY_WORD, .words = vendors, .any_case = true,
	  .path = HVM("vendor_device"), .guests = FOR_HVM },
	{ .name = "rdm_mem_boundary", .kind = KEY_MIB, .path = HVM("rdm_mem_boundary_memkb"),
	  .guests = FOR_HVM, .max = MIB_MAX },

	{ .name = "nographic", .kind = KEY_BOOL, .path = HVM("nographic"), .guests = FOR_HVM },
	{ .name = "vga", .kind = KEY_WORD, .words = vgas, .path = HVM("vga.kind"), .guests = FOR_HVM },
	{ .name = "stdvga", .kind = KEY_STDVGA, .path = HVM("vga.kind"), .guests = FOR_HVM, .also = true },
	{ .name = "vnc", .kind = KEY_BOOL, .path = HVM("vnc.enable"), .guests = FOR_HVM },
	{ .name = "vnclisten", .path = HVM("vnc.listen"), .guests = FOR_HVM },
	{ .name = "vncpasswd", .path = HVM("vnc.passwd"), .guests = FOR_HVM },
	{ .name = "vncdisplay", .kind = KEY_NUMBER, .path = HVM("vnc.display"), .guests = FOR_HVM },
	{ .name = "vncunused", .kind = KEY_BOOL, .path = HVM("vnc.findunused"), .guests = FOR_HVM },
	{ .name = "keymap", .path = HVM("keymap"), .guests = FOR_HVM },
	{ .name = "sdl", .kind = KEY_BOOL, .path = HVM("sdl.enable"), .guests = FOR_HVM },
	{ .name = "opengl", .kind = KEY_BOOL, .path = HVM("sdl.opengl"), .guests = FOR_HVM },
	{ .name = "display", .path = HVM("sdl.display"), .guests = FOR_HVM },
	{ .name = "xauthority", .path = HVM("sdl.xauthority"), .guests = FOR_HVM },
	{ .name = "spice", .kind = KEY_BOOL, .path = HVM("spice.enable"), .guests = FOR_HVM },
	{ .name = "spiceport", .kind = KEY_NUMBER, .path = HVM("spice.port"), .guests = FOR_HVM,
	  .max = 65535 },
	{ .name = "spicetls_port", .kind = KEY_NUMBER, .path = HVM("spice.tls_port"), .guests = FOR_HVM,
	  .max = 65535 },
	{ .name = "spicehost", .path = HVM("spice.host"), .guests = FOR_HVM },
	{ .name = "spicedisable_ticketing", .kind = KEY_BOOL, .path = HVM("spice.disable_ticketing"),
	  .guests = FOR_HVM },
	{ .name = "spicepasswd", .path = HVM("spice.passwd"), .guests = FOR_HVM },
	{ .name = "spiceagent_mouse", .kind = KEY_BOOL, .path = HVM("spice.agent_mouse"),
	  .guests = FOR_HVM },
	{ .name = "spicevdagent", .kind = KEY_BOOL, .path = HVM("spice.vdagent"), .guests = FOR_HVM },
	{ .name = "spice_clipboard_sharing", .kind = KEY_BOOL, .path = HVM("spice.clipboard_sharing"),
	  .guests = FOR_HVM },
	{ .name = "spiceusbredirection", .kind = KEY_NUMBER, .path = HVM("spice.usbredirection"),
	  .guests = FOR_HVM },
	{ .name = "spice_image_compression", .path = HVM("spice.image_compression"), .guests = FOR_HVM },
	{ .name = "spice_streaming_video", .path = HVM("spice.streaming_video"), .guests = FOR_HVM },
	{ .name = "gfx_passthru", .kind = KEY_GFX_PASSTHRU, .words = graphics, .any_case = true,
	  .path = HVM("gfx_passthru"), .older = HVM("gfx_passthru_kind"), .guests = FOR_HVM },
	{ .name = "serial", .kind = KEY_STRING_OR_LIST, .path = HVM("serial"), .older = HVM("serial_list"),
	  .guests = FOR_HVM },
	{ .name = "usb", .kind = KEY_BOOL, .path = HVM("usb"), .guests = FOR_HVM },
	{ .name = "usbversion", .kind = KEY_NUMBER, .path = HVM("usbversion"), .guests = FOR_HVM },
	{ .name = "usbdevice", .kind = KEY_STRING_OR_LIST, .path = HVM("usbdevice"),
	  .older = HVM("usbdevice_list"), .guests = FOR_HVM },
	{ .name = "vkb_device", .kind = KEY_BOOL, .path = HVM("vkb_device"), .guests = FOR_HVM },
	{ .name = "soundhw", .path = HVM("soundhw"), .guests = FOR_HVM },

	{ .name = "on_poweroff", .kind = KEY_WORD, .words = actions, .path = "on_poweroff",
	  .absent = "destroy" },
	{ .name = "on_reboot", .kind = KEY_WORD, .words = actions, .path = "on_reboot",
	  .absent = "destroy", .initial = "restart" },
	{ .name = "on_watchdog", .kind = KEY_WORD, .words = actions, .path = "on_watchdog",
	  .absent = "destroy" },
	{ .name = "on_crash", .kind = KEY_WORD, .words = actions, .path = "on_crash", .absent = "destroy" },
	{ .name = "on_soft_reset", .kind = KEY_WORD, .words = actions, .path = "on_soft_reset",
	  .absent = "destroy", .initial = "soft-reset" },

	{ .name = "disk", .kind = KEY_DISKS, .path = "disks" },
	{ .name = "vif", .kind = KEY_VIFS, .path = "nics" },
	{ .name = "vfb", .kind = KEY_DEVICES, .path = "vfbs", .parts = vfb_parts },
	{ .name = "vkb", .kind = KEY_DEVICES, .path = "vkbs", .parts = vkb_parts },
	{ .name = "vtpm", .kind = KEY_DEVICES, .path = "vtpms", .parts = vtpm_parts },
	{ .name = "p9", .kind = KEY_DEVICES, .path = "p9s", .parts = p9_parts },
	{ .name = "usbctrl", .kind = KEY_DEVICES, .path = "usbctrls", .parts = usbctrl_parts },
	{ .name = "usbdev", .kind = KEY_DEVICES, .path = "usbdevs", .parts = usbdev_parts },
	{ .name = "channel", .kind = KEY_DEVICES, .path = "channels", .parts = channel_parts },
	{ .name = "dtdev", .kind = KEY_DEVICES, .path = "dtdevs", .parts = dtdev_parts },

	{ .name = "pci", .kind = KEY_PCI, .path = "pcidevs" },
	{ .name = "pci_msitranslate", .kind = KEY_PCI_FLAG, .path = "pcidevs", .also = true },
	{ .name = "pci_power_mgmt", .kind = KEY_PCI_FLAG, .path = "pcidevs", .also = true },
	{ .name = "pci_permissive", .kind = KEY_PCI_FLAG, .path = "pcidevs", .also = true },
	{ .name = "pci_seize", .kind = KEY_PCI_FLAG, .path = "pcidevs", .also = true },
	{ .name = "vnuma", .kind = KEY_OTHER_LIST, .path = "b_info.vnuma_nodes" },
	{ .name = "rdm", .kind = KEY_UNMAPPED, .path = HVM("rdm") },
	{ .name = "mca_caps", .kind = KEY_OTHER_LIST, .words = mca_capabilities,
	  .path = HVM("mca_caps") },
	{ .name = "ms_vm_genid", .kind = KEY_UNMAPPED, .words = generations, .path = HVM("ms_vm_genid") },
	{ .name = "vdispl", .kind = KEY_OTHER_LIST, .path = "vdispls" },
	{ .name = "vsnd", .kind = KEY_OTHER_LIST, .path = "vsnds" },
	{ .name = "pvcalls", .kind = KEY_OTHER_LIST, .path = "pvcallsifs" },
};
const size_t xst_config_keys_count = COUNT(xst_config_keys);

bool xst_config_key_is_list(const struct config_key *k)
{
	switch (k->kind) {
	case KEY_STRINGS: case KEY_NUMBERS: case KEY_IOPORTS: case KEY_IOMEM:
	case KEY_DISKS: case KEY_VIFS: case KEY_PCI: case KEY_DEVICES: case KEY_OTHER_LIST:
		return true;
	default:
		return false;
	}
}

bool xst_config_key_is_number(const struct config_key *k)
{
	switch (k->kind) {
	case KEY_NUMBER: case KEY_MIB: case KEY_BOOL: case KEY_PLAIN_BOOL: case KEY_MEMORY:
	case KEY_VCPUS: case KEY_MAXVCPUS: case KEY_STDVGA:
		return true;
	default:
		return false;
	}
}

const struct config_key *xst_config_key_find(const char *name)
{
	for (size_t i = 0; i < xst_config_keys_count; i++)
		if (strcmp(xst_config_keys[i].name, name) == 0)
			return &xst_config_keys[i];
	return NULL;
}
