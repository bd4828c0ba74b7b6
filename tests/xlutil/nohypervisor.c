/* SPDX-License-Identifier: MIT */
/* For LD_PRELOAD: lets libxl believe in a machine with Xen 4.17, as far as it must to parse a
 * configuration (`xl create -n`).  Nothing that really needs one works. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>

#define CPUS 8

xc_interface *xc_interface_open(xentoollog_logger *log, xentoollog_logger *domain_log,
				unsigned flags)
{
	(void)log;
	(void)domain_log;
	(void)flags;
	return calloc(1, 65536);
}

int xc_interface_close(xc_interface *xch)
{
	free(xch);
	return 0;
}

int xc_version(xc_interface *xch, int command, void *arg)
{
	(void)xch;
	switch (command) {
	case XENVER_version:           return 4 << 16 | 17;
	case XENVER_pagesize:          return 4096;
	case XENVER_extraversion:      memset(arg, 0, sizeof(xen_extraversion_t)); break;
	case XENVER_compile_info:      memset(arg, 0, sizeof(xen_compile_info_t)); break;
	case XENVER_capabilities:      memset(arg, 0, sizeof(xen_capabilities_info_t)); break;
	case XENVER_changeset:         memset(arg, 0, sizeof(xen_changeset_info_t)); break;
	case XENVER_platform_parameters: memset(arg, 0, sizeof(xen_platform_parameters_t)); break;
	case XENVER_commandline:       memset(arg, 0, sizeof(xen_commandline_t)); break;
	default:                       break;
	}
	return 0;
}

int xc_physinfo(xc_interface *xch, xc_physinfo_t *info)
{
	(void)xch;
	memset(info, 0, sizeof(*info));
	info->nr_cpus = CPUS;
	info->max_cpu_id = CPUS - 1;
	info->nr_nodes = 1;
	info->threads_per_core = 1;
	info->cores_per_socket = CPUS;
	info->total_pages = 1 << 22;
	info->free_pages = 1 << 21;
	info->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_pv |
			     XEN_SYSCTL_PHYSCAP_hap;
	return 0;
}

long xc_sharing_freed_pages(xc_interface *xch)
{
	(void)xch;
	return 0;
}

long xc_sharing_used_frames(xc_interface *xch)
{
	(void)xch;
	return 0;
}

int xc_get_max_cpus(xc_interface *xch)
{
	(void)xch;
	return CPUS;
}

int xc_get_max_nodes(xc_interface *xch)
{
	(void)xch;
	return 1;
}

struct xs_handle;
struct xs_handle *xs_open(unsigned long flags);
void xs_close(struct xs_handle *h);
void *xs_read(struct xs_handle *h, unsigned t, const char *path, unsigned *len);

struct xs_handle *xs_open(unsigned long flags)
{
	(void)flags;
	return calloc(1, 64);
}

void xs_close(struct xs_handle *h)
{
	free(h);
}

void *xs_read(struct xs_handle *h, unsigned t, const char *path, unsigned *len)
{
	(void)h;
	(void)t;
	(void)path;
	(void)len;
	errno = ENOENT;
	return NULL;
}
