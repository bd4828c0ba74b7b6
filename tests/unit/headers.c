/* SPDX-License-Identifier: MIT */
/* Headers, foreign files and legacy parts with something wrong in them, and every limit. */
#include "faults.h"
#include "log.h"
#include "unit.h"

/* The octet that the finding is to point at is marked while building. */
struct fault_case {
	const char *name;
	void (*build)(struct build *b);
	int code;             /* 0: a warning */
	const char *rule, *field, *text;
	enum xst_start start;
};

/* --- beginnings ----------------------------------------------------------------------------- */

static void xl_config(struct build *b, uint32_t flags, uint32_t optional, uint32_t config)
{
	put(b, "Xen saved domain, xl format\n \0 \r", 32);
	put32(b, 0x01020304);
	put32(b, flags);
	put32(b, 0);
	put32(b, optional);
	mark(b);
	put32(b, config);
	put_zero(b, 100);
}

static void hvm_image(struct build *b)
{
	image_header(b, 3, 0);
	domain_header(b, 2);
	empty_record(b, 0);
}

static void libxl_stream(struct build *b)
{
	libxl_header(b, 0);
	empty_record(b, 1);
	hvm_image(b);
	empty_record(b, 0);
}

static void begin_pv(struct build *b)
{
	legacy_head(b, 8, 64);
	ext_info(b, CONTEXT64);
	put_ulong(b, 0x40);
}

static void end_pv(struct build *b)
{
	chunk(b, -9);
	chunk(b, 0);
	put32(b, 0);
	fill(b, CONTEXT64);
	fill(b, PAGE);
}

static void begin_hvm(struct build *b)
{
	legacy_head(b, 8, 64);
	batch(b, (uint64_t[]){ 1 }, 1, true);
}

static void end_hvm(struct build *b)
{
	chunk(b, -9);
	chunk(b, 0);
	magic_pfns(b);
	put32(b, 8);
	fill(b, 8);
}

/* --- xl ------------------------------------------------------------------------------------- */

static void xl_magic(struct build *b)
{
	mark(b);
	put(b, "Xen saved domain, xl format\n \0 \n", 32);
	put_zero(b, 16);
}

static void xl_byte_order(struct build *b)
{
	put(b, "Xen saved domain, xl format\n \0 \r", 32);
	mark(b);
	put32(b, 0x01020305);
	put_zero(b, 12);
}

static void xl_unknown_flag(struct build *b)
{
	xl_header(b, 4 | 2, NULL, 0);
	b->mark = 0x24;
	libxl_stream(b);
}

static void xl_highest_flag(struct build *b)
{
	xl_header(b, 0x80000002, NULL, 0);
	b->mark = 0x24;
	libxl_stream(b);
}

static void xl_optional_flags(struct build *b)
{
	xl_header(b, 2, NULL, 0);
	b->data[0x28] = 0x10;
	b->mark = 0x28;
	libxl_stream(b);
}

static void xl_no_room_for_length(struct build *b)
{
	xl_config(b, 2, 3, 0);
	b->mark = 0x2c;
}

static void xl_config_too_long(struct build *b)
{
	xl_config(b, 2, 10, 7);
}

static void xl_nested(struct build *b)
{
	xl_header(b, 2, "{}", 3);
	mark(b);
	xl_header(b, 2, "{}", 3);
	libxl_stream(b);
}

static void xl_flag_without_stream(struct build *b)
{
	xl_header(b, 2, NULL, 0);
	mark(b);
	hvm_image(b);
}

static void xl_stream_without_flag(struct build *b)
{
	xl_header(b, 1, NULL, 0);
	mark(b);
	libxl_stream(b);
}

static void xl_nothing_known_inside(struct build *b)
{
	xl_header(b, 0, "x", 1);
	mark(b);
	put(b, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 23);
}

/* --- libxl, libxc --------------------------------------------------------------------------- */

static void libxl_ident(struct build *b)
{
	mark(b);
	put_zero(b, 32);
}

static void libxl_version(struct build *b)
{
	libxl_header(b, 0);
	b->data[11] = 3;
	b->mark = 8;
}

static void libxl_options(struct build *b)
{
	libxl_stream(b);
	b->data[15] = 4;
	b->mark = 12;
}

static void libxl_big_endian(struct build *b)
{
	b->big = true;
	libxl_header(b, 1);
	empty_record(b, 1);
	image_header(b, 3, 1);
	domain_header(b, 2);
	empty_record(b, 0);
	empty_record(b, 0);
	b->mark = 12;
}

static void no_image_inside(struct build *b)
{
	libxl_header(b, 0);
	empty_record(b, 1);
	mark(b);
	put_zero(b, 24);
}

static void image_ident(struct build *b)
{
	image_header(b, 3, 0);
	b->data[8] = 'x';
	b->mark = 8;
}

static void image_version_1(struct build *b)
{
	image_header(b, 1, 0);
	b->mark = 12;
}

static void image_version_4(struct build *b)
{
	image_header(b, 4, 0);
	b->mark = 12;
}

static void image_options(struct build *b)
{
	image_header(b, 3, 0x8000);
	domain_header(b, 2);
	empty_record(b, 0);
	b->mark = 16;
}

static void image_big_endian(struct build *b)
{
	b->big = true;
	image_header(b, 3, 1);
	domain_header(b, 2);
	empty_record(b, 0);
	b->mark = 16;
}

static void image_reserved(struct build *b)
{
	hvm_image(b);
	b->data[23] = 9;
	b->mark = 20;
}

static void guest_type_0(struct build *b)
{
	image_header(b, 3, 0);
	mark(b);
	domain_header(b, 0);
}

static void guest_type_3(struct build *b)
{
	image_header(b, 3, 0);
	mark(b);
	domain_header(b, 3);
}

static void page_shift(struct build *b)
{
	image_header(b, 3, 0);
	domain_header(b, 1);
	b->data[28] = 14;
	b->mark = 28;
}

static void padding(struct build *b)
{
	image_header(b, 3, 0);
	domain_header(b, 2);
	record_begin(b, 9);
	put8(b, 1);
	record_end(b);
	b->mark = b->size - 7;
	b->data[b->mark + 6] = 1;
	empty_record(b, 0);
}

static void second_image_in_checkpoint(struct build *b)
{
	libxl_header(b, 0);
	empty_record(b, 1);
	image_header(b, 3, 0);
	domain_header(b, 2);
	empty_record(b, 0xe);
	empty_record(b, 1);
	mark(b);
}

static void end_in_checkpoint(struct build *b)
{
	libxl_header(b, 0);
	empty_record(b, 1);
	image_header(b, 3, 0);
	domain_header(b, 2);
	empty_record(b, 0xe);
	mark(b);
	empty_record(b, 0);
}

static void key_too_long(struct build *b)
{
	libxl_header(b, 0);
	record_begin(b, 2);
	put_zero(b, 8);
	for (unsigned i = 0; i < 3073; i++)
		put8(b, 'k');
	b->mark = b->size - 1;
	put(b, "\0v", 3);
	record_end(b);
	empty_record(b, 0);
}

static void value_too_long(struct build *b)
{
	libxl_header(b, 0);
	record_begin(b, 2);
	put_zero(b, 8);
	put(b, "k", 2);
	for (unsigned i = 0; i < 4097; i++)
		put8(b, 'v');
	b->mark = b->size - 1;
	put8(b, 0);
	record_end(b);
	empty_record(b, 0);
}

/* --- legacy --------------------------------------------------------------------------------- */

static void p2m_size_0(struct build *b)
{
	mark(b);
	legacy_head(b, 8, 0);
	chunk(b, 1);
	put_zero(b, 10);
}

static void p2m_size_too_large(struct build *b)
{
	mark(b);
	legacy_head(b, 8, (1u << 28) + 1);
	chunk(b, 1);
	put_zero(b, 10);
}

static void batch_too_large(struct build *b)
{
	begin_hvm(b);
	mark(b);
	chunk(b, 1025);
}

static void batch_largest_number(struct build *b)
{
	begin_hvm(b);
	mark(b);
	chunk(b, INT32_MAX);
}

static void unknown_chunk(struct build *b)
{
	begin_hvm(b);
	mark(b);
	chunk(b, -22);
}

static void unknown_chunk_lowest(struct build *b)
{
	begin_hvm(b);
	mark(b);
	chunk(b, INT32_MIN);
}

static void entry_of_type(struct build *b, uint64_t entry)
{
	legacy_head(b, 8, 64);
	chunk(b, 1);
	mark(b);
	put64(b, entry);
	fill(b, PAGE);
}

static void entry_type_5(struct build *b)
{
	entry_of_type(b, 0x50000003);
}

static void entry_type_8(struct build *b)
{
	entry_of_type(b, 0x80000003);
}

static void entry_of_33_bits(struct build *b)
{
	entry_of_type(b, UINT64_C(0x100000003));
}

static void entry_beyond(struct build *b)
{
	legacy_head(b, 8, 64);
	chunk(b, 2);
	put64(b, 63);
	mark(b);
	put64(b, 64);
	fill(b, (size_t)2 * PAGE);
	end_hvm(b);
}

static void ext_info_of_size(struct build *b, uint32_t total)
{
	legacy_head(b, 8, 64);
	put_ulong(b, UINT64_MAX);
	put32(b, total);
}

static void ext_block_too_long(struct build *b)
{
	ext_info_of_size(b, 20);
	put(b, "extv", 4);
	mark(b);
	put32(b, 13);
}

static void ext_info_leftover(struct build *b)
{
	ext_info_of_size(b, 15);
	put(b, "extv\0\0\0\0", 8);
	mark(b);
	put_zero(b, 16);
}

static void ext_info_empty(struct build *b)
{
	ext_info_of_size(b, 0);
	mark(b);
}

static void ext_vcpu_strange(struct build *b)
{
	ext_info_of_size(b, 108);
	put(b, "vcpu", 4);
	mark(b);
	put32(b, 100);
	fill(b, 100);
}

static void ext_xcnt_short(struct build *b)
{
	ext_info_of_size(b, 11);
	put(b, "xcnt", 4);
	mark(b);
	put32(b, 3);
	put_zero(b, 3);
}

static void ext_unknown(struct build *b)
{
	struct legacy l = { .pv = true, .stranger = true, .last_checkpoint = true };

	build_legacy(b, &l);
	b->mark = 8 + 12 + 8 + CONTEXT64 + 0;
}

static void no_vcpu_map(struct build *b)
{
	begin_pv(b);
	chunk(b, -9);
	chunk(b, 0);
	mark(b);
	put32(b, 0);
	fill(b, CONTEXT64);
	fill(b, PAGE);
}

static void vcpu_map_beyond(struct build *b)
{
	begin_pv(b);
	chunk(b, -2);
	put32(b, 0);
	mark(b);
	put64(b, 3);
	end_pv(b);
}

static void vcpu_id_negative(struct build *b)
{
	begin_pv(b);
	chunk(b, -2);
	mark(b);
	put32(b, UINT32_MAX);
}

static void param_in_pv(struct build *b)
{
	begin_pv(b);
	chunk(b, -3);
	mark(b);
	put32(b, 0);
	put64(b, 1);
	end_pv(b);
}

static void toolstack_record(struct build *b, uint32_t length, uint32_t version, uint32_t count)
{
	begin_hvm(b);
	chunk(b, -18);
	put32(b, length);
	mark(b);
	put32(b, version);
	put32(b, count);
}

static void toolstack_short(struct build *b)
{
	begin_hvm(b);
	chunk(b, -18);
	put32(b, 7);
	mark(b);
	put_zero(b, 7);
	end_hvm(b);
}

static void toolstack_version_2(struct build *b)
{
	toolstack_record(b, 8, 2, 0);
	end_hvm(b);
}

static void toolstack_entry_short(struct build *b)
{
	toolstack_record(b, 8 + 27, 1, 1);
	mark(b);
	put_zero(b, 27);
	end_hvm(b);
}

static void toolstack_name_overshoots(struct build *b)
{
	toolstack_record(b, 8 + 28 + 2, 1, 1);
	put_zero(b, 24);
	put32(b, 3);
	mark(b);
	put(b, "ab", 2);
	end_hvm(b);
}

static void toolstack_no_nul(struct build *b)
{
	toolstack_record(b, 8 + 28 + 2 + 4, 1, 1);
	put_zero(b, 24);
	put32(b, 2);
	put8(b, 'a');
	mark(b);
	put8(b, 'b');
	put_zero(b, 4);
	end_hvm(b);
}

static void toolstack_no_padding(struct build *b)
{
	toolstack_record(b, 8 + 28 + 2 + 3, 1, 1);
	put_zero(b, 24);
	put32(b, 2);
	put(b, "a", 2);
	mark(b);
	put_zero(b, 3);
	end_hvm(b);
}

static void toolstack_name_too_long(struct build *b)
{
	toolstack_record(b, 8 + 28 + 4097 + 4, 1, 1);
	put_zero(b, 24);
	mark(b);
	put32(b, 4097);
	put_zero(b, 4097 + 4);
	end_hvm(b);
}

static void toolstack_twice(struct build *b)
{
	toolstack_record(b, 8, 1, 0);
	chunk(b, -18);
	mark(b);
	put32(b, 8);
	put32(b, 1);
	put32(b, 0);
	end_hvm(b);
}

static void tmem_there(struct build *b)
{
	begin_hvm(b);
	mark(b);
	chunk(b, -5);
	put_zero(b, 28);
	put32(b, UINT32_MAX);
	end_hvm(b);
}

static void hvm_context_0(struct build *b)
{
	begin_hvm(b);
	chunk(b, 0);
	magic_pfns(b);
	mark(b);
	put32(b, 0);
}

static void unknown_signature(struct build *b)
{
	begin_hvm(b);
	end_hvm(b);
	mark(b);
	put(b, "DeviceModelRecord0003", 21);
	put32(b, 0);
}

static void xsave_differs(struct build *b)
{
	struct legacy l = { .pv = true, .xcnt = true, .vcpus = 2, .last_checkpoint = true };

	build_legacy(b, &l);
	b->mark = b->size - PAGE - 591 - 8;
}

static void xcnt_of_0(struct build *b)
{
	ext_info_of_size(b, 8 + CONTEXT64 + 12);
	put(b, "vcpu", 4);
	put32(b, CONTEXT64);
	fill(b, CONTEXT64);
	put(b, "xcnt\4\0\0\0\0\0\0\0", 12);
	put_ulong(b, 0x40);
	chunk(b, -9);
	chunk(b, 0);
	mark(b);
	put32(b, 0);
	fill(b, CONTEXT64 + PAGE);
}

/* --- containers ----------------------------------------------------------------------------- */

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

/* --- the table ------------------------------------------------------------------------------ */

#define BAD XST_E_MALFORMED
#define TOO_MUCH XST_E_LIMIT

static const struct fault_case cases[] = {
	{ "xl: magic", xl_magic, XST_E_MAGIC, "xl.magic", "magic",
	  "the octets of an xl header are not there", 0 },
	{ "xl: byte order", xl_byte_order, BAD, "xl.byte-order", "byte_order",
	  "0x1020305 says neither little-endian nor big-endian", 0 },
	{ "xl: unknown flag", xl_unknown_flag, XST_E_UNKNOWN, "xl.mandatory-flags",
	  "mandatory_flags", "0x4: bits of unknown meaning, this file is from a later Xen", 0 },
	{ "xl: highest flag", xl_highest_flag, XST_E_UNKNOWN, "xl.mandatory-flags",
	  "mandatory_flags", "0x80000000: bits of unknown meaning, this file is from a later Xen", 0 },
	{ "xl: optional flags", xl_optional_flags, 0, "xl.optional-flags", "optional_flags",
	  "0x10: unknown, ignored", 0 },
	{ "xl: no room for the length", xl_no_room_for_length, BAD, "xl.config-length",
	  "optional_length", "3 octets have no room for the configuration's length", 0 },
	{ "xl: configuration beyond the optional data", xl_config_too_long, BAD,
	  "xl.config-length", "config_length",
	  "7 octets do not fit the 6 that are left of the optional data", 0 },
	{ "xl: a header inside of a header", xl_nested, BAD, "xl.magic", "magic",
	  "an xl header inside of another", 0 },
	{ "xl: flag without stream", xl_flag_without_stream, 0, "xl.stream-flag",
	  "mandatory_flags", "the header announces a libxl v2 stream, but a libxc stream follows", 0 },
	{ "xl: stream without flag", xl_stream_without_flag, 0, "xl.stream-flag",
	  "mandatory_flags", "the header announces a legacy stream, but a libxl stream follows", 0 },
	{ "xl: something else inside", xl_nothing_known_inside, XST_E_MAGIC, "input.unknown", NULL,
	  "this is an ELF file (a kernel, a program or a core dump)", 0 },

	{ "libvirt: version 3", libvirt_version_3, XST_E_VERSION, "libvirt.version", "version",
	  "3; versions 1 and 2 exist today", 0 },
	{ "libvirt: no configuration", libvirt_length_0, BAD, "container.config", "config_length",
	  "0: no configuration", 0 },
	{ "libvirt: a huge configuration", libvirt_length_huge, TOO_MUCH, "input.limit",
	  "config_length", "4294967295 octets are more than the limit of 4194304", 0 },
	{ "libvirt: the version of another stream", libvirt_wrong_version, 0, "libvirt.stream",
	  "version", "1 stands in the header, but a libxl stream follows", 0 },
	{ "libvirt: a container inside", libvirt_nested, BAD, "container.nested", "magic",
	  "a container (xenserver) inside of another", 0 },
	{ "libvirt: magic", libvirt_magic, XST_E_MAGIC, "container.magic", "magic",
	  "no file of libvirt's Xen driver begins here", XST_START_LIBVIRT },
	{ "xend: no configuration", xend_length_0, BAD, "container.config", "config_length",
	  "0: no configuration", 0 },
	{ "xend: a negative length", xend_length_negative, TOO_MUCH, "input.limit",
	  "config_length", "4294967295 octets are more than the limit of 4194304", 0 },
	{ "xend: a request and nothing", xend_request_of_nothing, XST_E_MAGIC, "container.magic",
	  "magic", "no record of xend begins here", 0 },
	{ "xenserver: magic", xl_magic, XST_E_MAGIC, "container.magic", "magic",
	  "no suspend image of XenServer begins here", XST_START_XENSERVER },
	{ "xenserver: an unknown record", xenserver_type, XST_E_UNKNOWN, "xenserver.record", "type",
	  "0x1000000f0: a record of unknown type, from a later XenServer or damage", 0 },
	{ "xenserver: two xenops records", xenserver_xenops_twice, BAD, "xenserver.twice", "type",
	  "a second xenops record", 0 },
	{ "xenserver: two images", xenserver_two_images, BAD, "xenserver.image", "type",
	  "a second image", 0 },
	{ "xenserver: no image", xenserver_no_image, BAD, "xenserver.image", NULL,
	  "the suspend image ends without a guest's image", 0 },
	{ "xenserver: an image with a length", xenserver_image_with_length, 0, "xenserver.length",
	  "length", "5, not 0: not looked at", 0 },
	{ "xenserver: a record that xenopsd refuses", xenserver_refused, 0, "xenserver.refused",
	  "type", "xenopsd does not restore from LIBXL records", 0 },
	{ "xenserver: a record without an end", xenserver_demu, 0, "xenserver.demu", "length",
	  "unknown: all to the end of the input is taken for this record", 0 },
	{ "xenserver6: magic", xl_magic, XST_E_MAGIC, "container.magic", "magic",
	  "no suspend image of XenServer 6 begins here", XST_START_XENSERVER6 },
	{ "xenserver6: no newline", xenserver6_signature, BAD, "legacy.signature", "signature",
	  "no newline ends it, as XenServer writes it", 0 },

	{ "libxl: ident", libxl_ident, XST_E_MAGIC, "libxl.ident", "ident", "0, not \"LibxlFmt\"",
	  XST_START_LIBXL },
	{ "libxl: version", libxl_version, XST_E_VERSION, "libxl.version", "version",
	  "3; only version 2 exists today", 0 },
	{ "libxl: options", libxl_options, 0, "libxl.options", "options",
	  "0x4: reserved bits are set", 0 },
	{ "libxl: big-endian", libxl_big_endian, 0, "stream.big-endian", "options",
	  "the records are big-endian", 0 },
	{ "libxl: no image inside", no_image_inside, XST_E_MAGIC, "libxc.marker", "marker",
	  "0x0000000000000000, not all ones: no libxc image begins here", 0 },
	{ "libxl: a second image in a checkpoint", second_image_in_checkpoint, BAD,
	  "libxl.libxc-context", NULL, "a second libxc image inside a checkpoint", 0 },
	{ "libxl: end in a checkpoint", end_in_checkpoint, BAD, "libxl.checkpoint", "type",
	  "END in the middle of a checkpoint", 0 },
	{ "libxl: a key too long", key_too_long, TOO_MUCH, "input.limit", "key",
	  "longer than the 3072 octets that xenstored takes", 0 },
	{ "libxl: a value too long", value_too_long, TOO_MUCH, "input.limit", "value",
	  "longer than the 4096 octets that xenstored takes", 0 },

	{ "image: ident", image_ident, XST_E_MAGIC, "libxc.ident", "ident",
	  "0x78454e46, not \"XENF\"", 0 },
	{ "image: version 1", image_version_1, XST_E_VERSION, "libxc.version", "version",
	  "1; versions 2 and 3 exist today", 0 },
	{ "image: version 4", image_version_4, XST_E_VERSION, "libxc.version", "version",
	  "4; versions 2 and 3 exist today", 0 },
	{ "image: options", image_options, 0, "libxc.options", "options",
	  "0x8000: reserved bits are set", 0 },
	{ "image: big-endian", image_big_endian, 0, "stream.big-endian", "options",
	  "the records are big-endian", 0 },
	{ "image: reserved", image_reserved, 0, "stream.reserved", "reserved", "0x9, not 0", 0 },
	{ "domain: type 0", guest_type_0, XST_E_UNKNOWN, "libxc.guest-type", "guest_type",
	  "0; 1 (x86 PV) and 2 (x86 HVM) exist", 0 },
	{ "domain: type 3", guest_type_3, XST_E_UNKNOWN, "libxc.guest-type", "guest_type",
	  "3; 1 (x86 PV) and 2 (x86 HVM) exist", 0 },
	{ "domain: page shift", page_shift, BAD, "libxc.page-shift", "page_shift", "14, not 12", 0 },
	{ "padding", padding, 0, "record.padding", "padding", "not zero", 0 },

	{ "legacy: no pages", p2m_size_0, BAD, "legacy.p2m-size", "p2m_size",
	  "0 pages, not 1 to 268435456", XST_START_LEGACY },
	{ "legacy: too many pages", p2m_size_too_large, TOO_MUCH, "legacy.p2m-size", "p2m_size",
	  "268435457 pages, not 1 to 268435456", XST_START_LEGACY },
	{ "legacy: a batch of 1025", batch_too_large, BAD, "legacy.batch", "chunk",
	  "a batch of 1025 page frames; 1024 is the most", 0 },
	{ "legacy: the largest batch", batch_largest_number, BAD, "legacy.batch", "chunk",
	  "a batch of 2147483647 page frames; 1024 is the most", 0 },
	{ "legacy: unknown chunk", unknown_chunk, XST_E_UNKNOWN, "legacy.chunk", "chunk",
	  "-22: no such chunk in any Xen", 0 },
	{ "legacy: the lowest chunk", unknown_chunk_lowest, XST_E_UNKNOWN, "legacy.chunk", "chunk",
	  "-2147483648: no such chunk in any Xen", 0 },
	{ "legacy: page type 5", entry_type_5, BAD, "legacy.batch.entry", "pfn",
	  "entry 0 is 0x50000003: no such page type", 0 },
	{ "legacy: page type 8", entry_type_8, BAD, "legacy.batch.entry", "pfn",
	  "entry 0 is 0x80000003: no such page type", 0 },
	{ "legacy: an entry of 33 bits", entry_of_33_bits, BAD, "legacy.batch.entry", "pfn",
	  "entry 0 is 0x100000003: more than 32 bits", 0 },
	{ "legacy: a pfn beyond the guest", entry_beyond, 0, "legacy.batch.pfn", "pfn",
	  "0x40 is beyond the guest's 64 pages", 0 },
	{ "legacy: a block too long", ext_block_too_long, BAD, "legacy.extended-info", "size",
	  "a block of 13 octets does not fit the 12 that are left", 0 },
	{ "legacy: half a block", ext_info_leftover, BAD, "legacy.extended-info", "length",
	  "7 octets are left, too few for a block", 0 },
	{ "legacy: no vcpu block", ext_info_empty, BAD, "legacy.extended-info", "vcpu",
	  "the extended info has no \"vcpu\" block, so the guest's width is unknown", 0 },
	{ "legacy: a strange vcpu block", ext_vcpu_strange, BAD, "legacy.extended-info", "size",
	  "a context of 100 octets belongs to neither a 64-bit nor a 32-bit guest", 0 },
	{ "legacy: a short xcnt block", ext_xcnt_short, BAD, "legacy.extended-info", "size",
	  "a EXT_XCNT block of 3 octets is too short", 0 },
	{ "legacy: an unknown block", ext_unknown, 0, "legacy.extended-info.block", "id",
	  "strn: a block of unknown meaning, skipped", 0 },
	{ "legacy: no vCPU map", no_vcpu_map, 0, "legacy.no-vcpu-map", NULL,
	  "no VCPU_INFO chunk: vCPU 0 is meant", 0 },
	{ "legacy: vCPUs above the maximum", vcpu_map_beyond, 0, "legacy.vcpu-map", "map",
	  "vCPUs above the maximum of 0 are marked online; ignored", 0 },
	{ "legacy: a negative maximum", vcpu_id_negative, TOO_MUCH, "input.limit", "max_vcpu_id",
	  "-1 is not among 0 to 4095", 0 },
	{ "legacy: a parameter of a PV guest", param_in_pv, 0, "legacy.param", NULL,
	  "HVM_IDENT_PT in a PV guest's stream", 0 },
	{ "legacy: toolstack too short", toolstack_short, BAD, "legacy.toolstack", "version",
	  "the 7 octets that are left of the record are too few", 0 },
	{ "legacy: toolstack version 2", toolstack_version_2, XST_E_VERSION, "legacy.toolstack",
	  "version", "2; libxl wrote version 1 only", 0 },
	{ "legacy: toolstack entry too short", toolstack_entry_short, BAD, "legacy.toolstack",
	  "physmap", "the 27 octets that are left of the record are too few", 0 },
	{ "legacy: toolstack name too long for the record", toolstack_name_overshoots, BAD,
	  "legacy.toolstack", "name", "the 2 octets that are left of the record are too few", 0 },
	{ "legacy: toolstack name without a NUL", toolstack_no_nul, BAD, "legacy.toolstack", "name",
	  "does not end with a NUL", 0 },
	{ "legacy: toolstack without padding", toolstack_no_padding, BAD, "legacy.toolstack",
	  "padding", "the 3 octets that are left of the record are too few", 0 },
	{ "legacy: toolstack name too long for xenstore", toolstack_name_too_long, TOO_MUCH,
	  "input.limit", "namelen", "4097 octets are more than the 4096 that xenstored takes", 0 },
	{ "legacy: toolstack twice", toolstack_twice, 0, "legacy.toolstack.twice", NULL,
	  "a second toolstack record; the last one counts", 0 },
	{ "legacy: tmem", tmem_there, 0, "legacy.tmem", NULL,
	  "transcendent memory, which today's Xen does not have", 0 },
	{ "legacy: an empty HVM context", hvm_context_0, BAD, "legacy.hvm-context", "length",
	  "an empty HVM context: no guest can be started from it", 0 },
	{ "legacy: unknown signature", unknown_signature, BAD, "legacy.signature", "signature",
	  "no device model's record begins here: 44 65 76 69 ...", 0 },
	{ "legacy: xsave area of another size", xsave_differs, 0, "legacy.xsave", "size",
	  "591 octets and 16 in front of them, where 608 were announced", 0 },
	{ "legacy: xsave announced as nothing", xcnt_of_0, 0, "legacy.no-vcpu-map", NULL,
	  "no VCPU_INFO chunk: vCPU 0 is meant", 0 },
};

static void logs_are_equal(const struct build *b, const struct fault_case *c, uint32_t flags)
{
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	struct log whole = { 0 }, pieces = { 0 };

	o.start = c->start;
	o.flags = flags;
	parse_logged(b->data, b->size, &o, NULL, &whole);
	for (size_t n = 1; n < 20; n += 2) {
		log_clear(&pieces);
		parse_logged(b->data, b->size, &o,
			     &(struct cuts){ .chunk = n, .claims = (enum claims)(n % 3) }, &pieces);
		if (!log_equal(&whole, &pieces)) {
			log_print_difference(&whole, &pieces);
			fail_msg("windows of %zu octets", n);
		}
	}
	log_free(&whole);
	log_free(&pieces);
}

static void one_case(void **state)
{
	const struct fault_case *c = *state;
	struct xst_parser_options o = XST_PARSER_OPTIONS_INIT;
	const struct xst_finding *f;
	struct faults found;
	struct build b = { 0 };

	c->build(&b);
	o.start = c->start;
	find_faults(&b, &o, &found);
	assert_int_equal(found.code, c->code);
	f = c->code ? &found.error : warning_of(&found, c->rule);
	if (!f)
		fail_msg("no finding of rule %s", c->rule);
	assert_string_equal(f->rule, c->rule);
	assert_string_equal(f->text, c->text);
	assert_int_equal(f->offset, b.mark);
	if (c->field)
		assert_string_equal(f->field, c->field);
	else
		assert_null(f->field);
	if (!c->code)
		assert_int_equal(found.end, b.size);
	logs_are_equal(&b, c, 0);
	logs_are_equal(&b, c, XST_PARSER_KEEP_GOING);
	build_free(&b);
}

int main(void)
{
	struct CMUnitTest tests[COUNT(cases)];

	memset(tests, 0, sizeof(tests));
	for (size_t i = 0; i < COUNT(cases); i++) {
		tests[i].name = cases[i].name;
		tests[i].test_func = one_case;
		tests[i].initial_state = (void *)(uintptr_t)&cases[i];
	}
	return cmocka_run_group_tests_name("headers", tests, NULL, NULL);
}
