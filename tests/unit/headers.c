/* SPDX-License-Identifier: MIT */
/* Headers of xl, libxl and libxc, and their first records, with something wrong in them. */
#include "fault_case.h"
#include "unit.h"

/* --- xl -------------------------------------------------------------------------------------- */

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

/* --- libxl, libxc ---------------------------------------------------------------------------- */

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

/* --- the table ------------------------------------------------------------------------------- */

static const struct fault_case cases[] = {
	{ "xl: magic", wrong_magic, XST_E_MAGIC, "xl.magic", "magic",
	  "no xl header magic here", 0 },
	{ "xl: byte order", xl_byte_order, BAD, "xl.byte-order", "byte_order",
	  "0x1020305 means neither little-endian nor big-endian", 0 },
	{ "xl: unknown flag", xl_unknown_flag, XST_E_UNKNOWN, "xl.mandatory-flags",
	  "mandatory_flags", "0x4: unknown flags; the file is from a later Xen", 0 },
	{ "xl: highest flag", xl_highest_flag, XST_E_UNKNOWN, "xl.mandatory-flags",
	  "mandatory_flags", "0x80000000: unknown flags; the file is from a later Xen", 0 },
	{ "xl: optional flags", xl_optional_flags, 0, "xl.optional-flags", "optional_flags",
	  "0x10: unknown flags, ignored", 0 },
	{ "xl: no room for the length", xl_no_room_for_length, BAD, "xl.config-length",
	  "optional_length", "3 bytes are too few for the configuration's length", 0 },
	{ "xl: configuration beyond the optional data", xl_config_too_long, BAD,
	  "xl.config-length", "config_length",
	  "7 bytes do not fit into the remaining 6 of the optional data", 0 },
	{ "xl: a header inside a header", xl_nested, BAD, "xl.magic", "magic",
	  "an xl header inside another", 0 },
	{ "xl: flag without stream", xl_flag_without_stream, 0, "xl.stream-flag",
	  "mandatory_flags", "the header announces a libxl v2 stream, but a libxc stream follows", 0 },
	{ "xl: stream without flag", xl_stream_without_flag, 0, "xl.stream-flag",
	  "mandatory_flags", "the header announces a legacy stream, but a libxl stream follows", 0 },
	{ "xl: something else inside", xl_nothing_known_inside, XST_E_MAGIC, "input.unknown", NULL,
	  "this is an ELF file (a kernel, a program or a core dump)", 0 },

	{ "libxl: ident", libxl_ident, XST_E_MAGIC, "libxl.ident", "ident", "0, not \"LibxlFmt\"",
	  XST_START_LIBXL },
	{ "libxl: version", libxl_version, XST_E_VERSION, "libxl.version", "version",
	  "3; only version 2 is known", 0 },
	{ "libxl: options", libxl_options, 0, "libxl.options", "options",
	  "0x4: reserved bits are set", 0 },
	{ "libxl: big-endian", libxl_big_endian, 0, "stream.big-endian", "options",
	  "the records are big-endian", 0 },
	{ "libxl: no image inside", no_image_inside, XST_E_MAGIC, "libxc.marker", "marker",
	  "0x0000000000000000, not all ones: not the beginning of a libxc image", 0 },
	{ "libxl: a second image in a checkpoint", second_image_in_checkpoint, BAD,
	  "libxl.libxc-context", NULL, "a second libxc image inside a checkpoint", 0 },
	{ "libxl: end in a checkpoint", end_in_checkpoint, BAD, "libxl.checkpoint", "type",
	  "END inside a checkpoint", 0 },
	{ "libxl: a key too long", key_too_long, TOO_MUCH, "input.limit", "key",
	  "longer than the 3072 bytes that xenstored accepts", 0 },
	{ "libxl: a value too long", value_too_long, TOO_MUCH, "input.limit", "value",
	  "longer than the 4096 bytes that xenstored accepts", 0 },

	{ "image: ident", image_ident, XST_E_MAGIC, "libxc.ident", "ident",
	  "0x78454e46, not \"XENF\"", 0 },
	{ "image: version 1", image_version_1, XST_E_VERSION, "libxc.version", "version",
	  "1; only versions 2 and 3 are known", 0 },
	{ "image: version 4", image_version_4, XST_E_VERSION, "libxc.version", "version",
	  "4; only versions 2 and 3 are known", 0 },
	{ "image: options", image_options, 0, "libxc.options", "options",
	  "0x8000: reserved bits are set", 0 },
	{ "image: big-endian", image_big_endian, 0, "stream.big-endian", "options",
	  "the records are big-endian", 0 },
	{ "image: reserved", image_reserved, 0, "stream.reserved", "reserved", "0x9 instead of 0", 0 },
	{ "domain: type 0", guest_type_0, XST_E_UNKNOWN, "libxc.guest-type", "guest_type",
	  "0; only 1 (x86 PV) and 2 (x86 HVM) are known", 0 },
	{ "domain: type 3", guest_type_3, XST_E_UNKNOWN, "libxc.guest-type", "guest_type",
	  "3; only 1 (x86 PV) and 2 (x86 HVM) are known", 0 },
	{ "domain: page shift", page_shift, BAD, "libxc.page-shift", "page_shift", "14, not 12", 0 },
	{ "padding", padding, 0, "record.padding", "padding", "not zero", 0 },
};

int main(void)
{
	return run_fault_cases("headers", cases, COUNT(cases));
}
