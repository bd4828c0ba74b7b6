/* SPDX-License-Identifier: MIT */
/* The fields of what a stream holds opaquely: the hypervisor's state of an HVM guest, a PV guest's
 * vCPUs, xsave areas, the shared info page (xen/include/public/arch-x86/hvm/save.h, arch-x86/xen.h,
 * xen.h).
 *
 * A table is found by what it describes and how long that is; its rows are read by the accessors
 * here, which never read beyond the length they are given. */
#ifndef WIRE_STATE_H
#define WIRE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenstream/check.h>
#include <xenstream/state.h>

#define XST_WIRE_AS_MANY 0xffffu /* elements: as many as there are bytes for */

struct xst_wire_state_field {
	const char *name;    /* an array's: "%" stands for the number, or "[number]" is added */
	uint16_t offset;
	uint16_t size;       /* bytes of an element; above 8: XST_VALUE_BYTES only */
	uint16_t count;      /* elements; 0: one, and no array */
	uint16_t stride;     /* bytes from element to element; 0: size */
	uint8_t shift, bits; /* of the number; bits 0: all of them */
	uint8_t kind;        /* enum xst_value_kind */
	uint8_t reg;         /* enum xst_register */
	uint32_t since;      /* XST_XEN(), or 0 */
};

struct xst_wire_state_table {
	const struct xst_wire_state_field *row;
	size_t n;
};

/* Of an HVM save type with a body of that length; NULL: no such type. */
const struct xst_wire_state_table *xst_wire_hvm_fields(unsigned code, uint64_t length);
/* Of a PV guest's records; width: bytes of its word.  NULL: not known. */
const struct xst_wire_state_table *xst_wire_pv_context_fields(unsigned width);
const struct xst_wire_state_table *xst_wire_pv_extended_fields(void);
const struct xst_wire_state_table *xst_wire_pv_xsave_fields(void);
const struct xst_wire_state_table *xst_wire_pv_msr_fields(void);
const struct xst_wire_state_table *xst_wire_shared_info_fields(unsigned width);

/* A row by its name as the table has it, or NULL. */
const struct xst_wire_state_field *xst_wire_state_find(const struct xst_wire_state_table *t,
						       const char *name);
/* How many elements of a row lie whole within n bytes. */
size_t xst_wire_state_elements(const struct xst_wire_state_field *f, size_t n);
/* Where an element begins. */
size_t xst_wire_state_at(const struct xst_wire_state_field *f, size_t element);
/* An element's number.  False: it doesn't lie within n bytes, or is none. */
bool xst_wire_state_number(const struct xst_wire_state_field *f, size_t element,
			   const uint8_t *data, size_t n, bool big, uint64_t *ret);
/* The number of a row without elements, by its name.  False: as above, or there is no such row. */
bool xst_wire_state_get(const struct xst_wire_state_table *t, const char *name, const uint8_t *data,
			size_t n, bool big, uint64_t *ret);
/* The row's name for an element, cut to the size of buf. */
void xst_wire_state_name(const struct xst_wire_state_field *f, size_t element, char *buf,
			 size_t size);

/* --- rows ----------------------------------------------------------------------------------- */

#define F_KIND(label, at, bytes, k) { .name = label, .offset = at, .size = bytes, .kind = k }
#define F_HEX(label, at, bytes) F_KIND(label, at, bytes, XST_VALUE_HEX)
#define F_NUMBER(label, at, bytes) F_KIND(label, at, bytes, XST_VALUE_NUMBER)
#define F_BYTES(label, at, bytes) F_KIND(label, at, bytes, XST_VALUE_BYTES)
#define F_RESERVED(label, at, bytes) F_KIND(label, at, bytes, XST_VALUE_RESERVED)
#define F_REG(label, at, bytes, r) \
	{ .name = label, .offset = at, .size = bytes, .kind = XST_VALUE_HEX, .reg = r }
#define F_BITS(label, at, bytes, first, width) \
	{ .name = label, .offset = at, .size = bytes, .shift = first, .bits = width }
#define F_ARRAY(label, at, bytes, number, step, k) \
	{ .name = label, .offset = at, .size = bytes, .count = number, .stride = step, .kind = k }
#define F_TABLE(rows) { rows, sizeof(rows) / sizeof((rows)[0]) }

#endif
