/* SPDX-License-Identifier: MIT */
/* Containers with something wrong in them. */
#include "fault_case.h"
#include "unit.h"

static void libvirt_of(struct build *b, uint32_t version, uint32_t length, size_t marked)
{
	libvirt_header(b, version, NULL, 0);
	b->size = 0x14;
	put32(b, length);
	b->size = marked;
	mark(b);
	b->size = 0x40;
	put_zero(b, 100);
}

static void libvirt_magic(struct build *b)
{
	mark(b);
	put_zero(b, 64);
}

static void libvirt_version_3(struct build *b)
{
	libvirt_of(b, 3, 10, 0x10);
}

static void libvirt_length_0(struct build *b)
{
	libvirt_of(b, 2, 0, 0x14);
}

static void libvirt_length_huge(struct build *b)
{
	libvirt_of(b, 2, UINT32_MAX, 0x14);
}

static void libvirt_wrong_version(struct build *b)
{
	libvirt_header(b, 1, "<domain/>", 10);
	mark(b);
	libxl_stream(b);
}

static void libvirt_nested(struct build *b)
{
	libvirt_header(b, 1, "<domain/>", 10);
	mark(b);
	put(b, "XenSavedDomv2-\n", 15);
	put_zero(b, 40);
}

static void xend_of(struct build *b, uint32_t length)
{
	xend_header(b, length, "");
	b->mark = 16;
	put_zero(b, 40);
}

static void xend_length_0(struct build *b)
{
	xend_of(b, 0);
}

static void xend_length_negative(struct build *b)
{
	xend_of(b, UINT32_MAX);
}

static void xend_request_of_nothing(struct build *b)
{
	put(b, "receive\nLinuxGue", 16);
	b->mark = 8;
	put(b, "sts", 3);
	put_zero(b, 40);
}

static void begin_xenserver(struct build *b)
{
	put(b, "XenSavedDomv2-\n", 15);
}

static void xenserver_type(struct build *b)
{
	begin_xenserver(b);
	mark(b);
	xenserver_record(b, UINT64_C(0x1000000f0), 0);
}

static void xenserver_xenops_twice(struct build *b)
{
	begin_xenserver(b);
	xenserver_record(b, 0xf, 2);
	put(b, "()", 2);
	mark(b);
	xenserver_record(b, 0xf, 2);
}

static void xenserver_two_images(struct build *b)
{
	begin_xenserver(b);
	xenserver_record(b, 0xf0, 0);
	hvm_image(b);
	mark(b);
	xenserver_record(b, 0xf0, 0);
	hvm_image(b);
	xenserver_record(b, 0xffff, 0);
}

static void xenserver_no_image(struct build *b)
{
	begin_xenserver(b);
	xenserver_record(b, 0xffff, 0);
	mark(b);
}

static void xenserver_image_with_length(struct build *b)
{
	begin_xenserver(b);
	put64(b, 0xf0);
	mark(b);
	put64(b, 5);
	hvm_image(b);
	xenserver_record(b, 0xffff, 0);
}

static void xenserver_refused(struct build *b)
{
	begin_xenserver(b);
	mark(b);
	xenserver_record(b, 0xf1, 0);
	libxl_stream(b);
	xenserver_record(b, 0xffff, 0);
}

static void xenserver_demu(struct build *b)
{
	begin_xenserver(b);
	xenserver_record(b, 0xf0, 0);
	hvm_image(b);
	put64(b, 0xf10);
	mark(b);
	put64(b, 0);
	fill(b, 30);
}

static void xenserver6_signature(struct build *b)
{
	put(b, "XenSavedDomain\n", 15);
	begin_hvm(b);
	end_hvm(b);
	put(b, "QemuDeviceModelRecord", 21);
	mark(b);
	put(b, "QEVM", 4);
	put_zero(b, 40);
}

/* --- the table ------------------------------------------------------------------------------- */

static const struct fault_case cases[] = {
	{ "libvirt: version 3", libvirt_version_3, XST_E_VERSION, "libvirt.version", "version",
	  "3; only versions 1 and 2 are known", 0 },
	{ "libvirt: no configuration", libvirt_length_0, BAD, "container.config", "config_length",
	  "0: there is no configuration", 0 },
	{ "libvirt: a huge configuration", libvirt_length_huge, TOO_MUCH, "input.limit",
	  "config_length", "4294967295 bytes are more than the limit of 4194304", 0 },
	{ "libvirt: the version of another stream", libvirt_wrong_version, 0, "libvirt.stream",
	  "version", "the header has version 1, but a libxl stream follows", 0 },
	{ "libvirt: a container inside", libvirt_nested, BAD, "container.nested", "magic",
	  "a container (xenserver) inside another", 0 },
	{ "libvirt: magic", libvirt_magic, XST_E_MAGIC, "container.magic", "magic",
	  "not the beginning of a file of libvirt's Xen driver", XST_START_LIBVIRT },
	{ "xend: no configuration", xend_length_0, BAD, "container.config", "config_length",
	  "0: there is no configuration", 0 },
	{ "xend: a negative length", xend_length_negative, TOO_MUCH, "input.limit",
	  "config_length", "4294967295 bytes are more than the limit of 4194304", 0 },
	{ "xend: a request and nothing", xend_request_of_nothing, XST_E_MAGIC, "container.magic",
	  "magic", "not the beginning of a xend record", 0 },
	{ "xenserver: magic", wrong_magic, XST_E_MAGIC, "container.magic", "magic",
	  "not the beginning of a XenServer suspend image", XST_START_XENSERVER },
	{ "xenserver: an unknown record", xenserver_type, XST_E_UNKNOWN, "xenserver.record", "type",
	  "0x1000000f0: unknown record type; from a later XenServer, or damaged", 0 },
	{ "xenserver: two xenops records", xenserver_xenops_twice, BAD, "xenserver.twice", "type",
	  "a second xenops record", 0 },
	{ "xenserver: two images", xenserver_two_images, BAD, "xenserver.image", "type",
	  "a second image", 0 },
	{ "xenserver: no image", xenserver_no_image, BAD, "xenserver.image", NULL,
	  "the suspend image ends without a guest's image", 0 },
	{ "xenserver: an image with a length", xenserver_image_with_length, 0, "xenserver.length",
	  "length", "5 instead of 0; ignored", 0 },
	{ "xenserver: a record that xenopsd refuses", xenserver_refused, 0, "xenserver.refused",
	  "type", "xenopsd does not restore from LIBXL records", 0 },
	{ "xenserver: a record without an end", xenserver_demu, 0, "xenserver.demu", "length",
	  "unknown: the record is taken to last to the end of the input", 0 },
	{ "xenserver6: magic", wrong_magic, XST_E_MAGIC, "container.magic", "magic",
	  "not the beginning of a XenServer 6 suspend image", XST_START_XENSERVER6 },
	{ "xenserver6: no newline", xenserver6_signature, BAD, "legacy.signature", "signature",
	  "XenServer ends it with a newline, which is missing", 0 },
};

int main(void)
{
	return run_fault_cases("headers_containers", cases, COUNT(cases));
}
