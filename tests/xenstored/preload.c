/* SPDX-License-Identifier: MIT */
/* Loaded into a real xenstored or oxenstored (LD_PRELOAD), it stands for the hypervisor: what these
 * two ask of libxenctrl, libxenevtchn, libxengnttab and /proc/xen is answered here.
 *
 *   XENSTORED_DOMAINS=DIR   domain N (but 0) exists while DIR/N does, and its ring is that file's
 *                           first page
 *   SIGUSR1                 a domain has something to say */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGE 4096
#define DOMAINS 0x7ff0
#define LOCAL_PORT 1 /* any but the one of the virtual interrupt */

static int event_fd = -1;

/* --- files of the kernel's ------------------------------------------------------------------- */

static int memory_file(const char *contents, off_t size)
{
	int fd = memfd_create("xenstored-preload", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, size) < 0 ||
	    pwrite(fd, contents, strlen(contents), 0) != (ssize_t)strlen(contents))
		return -1;
	return fd;
}

/* A descriptor in place of the file, -1, or -2: it is a file like any other. */
static int stand_in(const char *path)
{
	if (strcmp(path, "/proc/xen/xsd_port") == 0)
		return memory_file("1", 1);
	if (strcmp(path, "/proc/xen/xsd_kva") == 0)
		return memory_file("", PAGE);
	if (strcmp(path, "/dev/xen/xenbus_backend") == 0) {
		errno = ENOENT;
		return -1;
	}
	return -2;
}

typedef int (*open_fn)(const char *, int, ...);

static int open_really(const char *name, const char *path, int flags, mode_t mode)
{
	open_fn really = (open_fn)dlsym(RTLD_NEXT, name);
	int fd = stand_in(path);

	return fd == -2 ? really(path, flags, mode) : fd;
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return open_really("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return open_really("open64", path, flags, mode);
}

/* More descriptors than the machine may allow. */
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	(void)resource;
	(void)limit;
	return 0;
}

int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
	(void)resource;
	(void)limit;
	return 0;
}

/* --- domains ---------------------------------------------------------------------------------- */

static int domain_file(uint32_t domid)
{
	const char *dir = getenv("XENSTORED_DOMAINS");
	char path[512];

	if (!dir)
		return -1;
	snprintf(path, sizeof(path), "%s/%u", dir, domid);
	return open_really("open", path, O_RDWR | O_CLOEXEC, 0);
}

static bool domain_exists(uint32_t domid)
{
	int fd = domid ? domain_file(domid) : -1;

	if (fd >= 0)
		close(fd);
	return domid == 0 || fd >= 0;
}

static void *map_ring(uint32_t domid)
{
	int fd = domain_file(domid), flags = MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0);
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (fd >= 0)
		close(fd);
	return page == MAP_FAILED ? NULL : page;
}

/* The first that exists from `domid` on, or DOMAINS. */
static uint32_t next_domain(uint32_t domid)
{
	while (domid < DOMAINS && !domain_exists(domid))
		domid++;
	return domid;
}

xc_interface *xc_interface_open(xentoollog_logger *a, xentoollog_logger *b, unsigned flags)
{
	(void)a;
	(void)b;
	(void)flags;
	return calloc(1, PAGE);
}

int xc_interface_close(xc_interface *x)
{
	free(x);
	return 0;
}

int xc_domain_getinfo(xc_interface *x, uint32_t first, unsigned max, xc_dominfo_t *info)
{
	uint32_t domid = next_domain(first);

	(void)x;
	if (!max || domid == DOMAINS)
		return 0;
	memset(info, 0, sizeof(*info));
	info->domid = domid;
	info->running = 1;
	return 1;
}

int xc_domain_getinfolist(xc_interface *x, uint32_t first, unsigned max, xc_domaininfo_t *info)
{
	uint32_t domid = next_domain(first);

	(void)x;
	if (!max || domid == DOMAINS)
		return 0;
	memset(info, 0, sizeof(*info));
	info->domain = (domid_t)domid;
	info->flags = XEN_DOMINF_running;
	return 1;
}

void *xc_map_foreign_range(xc_interface *x, uint32_t domid, int size, int prot, unsigned long mfn)
{
	(void)x;
	(void)size;
	(void)prot;
	(void)mfn;
	return map_ring(domid);
}

/* --- event channels --------------------------------------------------------------------------- */

static void on_signal(int unused)
{
	uint64_t one = 1;
	int err = errno;

	(void)unused;
	(void)!write(event_fd, &one, sizeof(one));
	errno = err;
}

xenevtchn_handle *xenevtchn_open(xentoollog_logger *logger, unsigned flags)
{
	(void)logger;
	(void)flags;
	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	signal(SIGUSR1, on_signal);
	return calloc(1, PAGE);
}

xenevtchn_handle *xenevtchn_fdopen(xentoollog_logger *logger, int fd, unsigned flags)
{
	(void)fd;
	return xenevtchn_open(logger, flags);
}

int xenevtchn_close(xenevtchn_handle *h)
{
	free(h);
	return 0;
}

int xenevtchn_fd(xenevtchn_handle *h)
{
	(void)h;
	return event_fd;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *h, uint32_t domid,
						     evtchn_port_t port)
{
	(void)h;
	(void)domid;
	(void)port;
	return LOCAL_PORT;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *h, unsigned virq)
{
	(void)h;
	(void)virq;
	return LOCAL_PORT + 1;
}

int xenevtchn_notify(xenevtchn_handle *h, evtchn_port_t port)
{
	(void)h;
	(void)port;
	return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *h)
{
	uint64_t n;

	(void)h;
	(void)!read(event_fd, &n, sizeof(n));
	return LOCAL_PORT;
}

int xenevtchn_unbind(xenevtchn_handle *h, evtchn_port_t port)
{
	(void)h;
	(void)port;
	return 0;
}

int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
	(void)h;
	(void)port;
	return 0;
}

/* --- grants ----------------------------------------------------------------------------------- */

xengnttab_handle *xengnttab_open(xentoollog_logger *logger, unsigned flags)
{
	(void)logger;
	(void)flags;
	return calloc(1, PAGE);
}

int xengnttab_close(xengnttab_handle *h)
{
	free(h);
	return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *h, uint32_t n)
{
	(void)h;
	(void)n;
	return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *h, uint32_t domid, uint32_t ref, int prot)
{
	(void)h;
	(void)ref;
	(void)prot;
	return map_ring(domid);
}

int xengnttab_unmap(xengnttab_handle *h, void *start, uint32_t pages)
{
	(void)h;
	return munmap(start, (size_t)pages * PAGE);
}
