/* SPDX-License-Identifier: MIT */
/* The hypervisor's state of an HVM guest: entries of a descriptor and a body, and how long each
 * body is by the version of Xen that wrote it (xen/include/public/arch-x86/hvm/save.h). */
#ifndef WIRE_HVM_SAVE_H
#define WIRE_HVM_SAVE_H

#include <stdbool.h>
#include <stdint.h>

#define WIRE_HVM_DESCRIPTOR 8
#define WIRE_HVM_BODY_HEAD 552 /* bytes of a body that are looked at: to CPU_XSAVE's xcomp_bv */
#define WIRE_HVM_HEAD (WIRE_HVM_DESCRIPTOR + WIRE_HVM_BODY_HEAD)

enum wire_hvm_code {
	WIRE_HVM_END = 0,
	WIRE_HVM_HEADER = 1,
	WIRE_HVM_CPU = 2,
	WIRE_HVM_XSAVE = 16,
	WIRE_HVM_MSR = 20
};

#define WIRE_HVM_MAGIC 0x54381286u
#define WIRE_HVM_VERSION 1u
#define WIRE_HVM_MAX_VCPUS 128

/* Fields of a descriptor and of bodies. */
#define WIRE_HVM_CODE_AT 0
#define WIRE_HVM_INSTANCE_AT 2
#define WIRE_HVM_LENGTH_AT 4
#define WIRE_HVM_MAGIC_AT 0
#define WIRE_HVM_VERSION_AT 4
#define WIRE_HVM_XCR0_AT 8
#define WIRE_HVM_XCR0_ACCUM_AT 16
#define WIRE_HVM_XSAVE_AREA_AT 24
#define WIRE_HVM_MSR_COUNT_AT 0
#define WIRE_HVM_MSR_FIXED 8
#define WIRE_HVM_MSR_SIZE 16
#define WIRE_HVM_MSR_RESERVED_AT 4

enum wire_hvm_per { WIRE_HVM_DOMAIN, WIRE_HVM_VCPU, WIRE_HVM_PIC };

#define WIRE_HVM_SIZES 4
#define WIRE_HVM_POINTS 4

/* Since when a body is that long; versions are numbers of XST_XEN(). */
struct wire_hvm_size {
	uint32_t size;
	uint32_t since;
	uint32_t points[WIRE_HVM_POINTS]; /* point releases of older versions that have it, too */
};

struct xst_wire_state_table;

struct wire_hvm_type {
	uint16_t code;
	const char *name;
	enum wire_hvm_per per;
	bool extended; /* a shorter body than the loader's own is filled up with zeros */
	bool varies;   /* the length stands in the body; sizes[0] is the shortest */
	struct wire_hvm_size sizes[WIRE_HVM_SIZES]; /* ascending; size 0 ends them */
	const struct xst_wire_state_table *fields;
	const struct xst_wire_state_table *first; /* of a body of sizes[0], where it has others; or NULL */
};

/* A row by its code, or NULL. */
const struct wire_hvm_type *xst_wire_hvm_type(unsigned code);

#endif
