/* SPDX-License-Identifier: MIT */
/* The decoded guest: processors, devices of the hypervisor, policies and parameters, from the
 * events of any layer.
 *
 * A struct xst_state is fed with every event of a parser.  It keeps the parts of the stream that
 * describe the guest, a few KiB a vCPU, and none of its memory.  The parts are blocks: an entry of
 * an HVM context, a PV vCPU's registers, an xsave area and so on.  A block has fields; what no
 * table describes is one as well, as bytes.  Registers of a vCPU can be had by number, wherever
 * they stand.
 *
 * Of what stands several times in a stream the last one counts.  Of a checkpointed stream the
 * state counts that a receiver takes: the last complete one. */
#ifndef XENSTREAM_STATE_H
#define XENSTREAM_STATE_H

#include <xenstream/event.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xst_state;

/* --- limits --------------------------------------------------------------------------------- */

#define XST_STATE_VCPUS 8192          /* numbers of vCPUs are below that, as of a PV guest in Xen */
#define XST_STATE_BLOCK (32u << 10)   /* bytes of a block that are kept */
#define XST_STATE_BLOCKS (64u << 10)  /* blocks that are kept */
#define XST_STATE_BYTES (64u << 20)   /* bytes of all blocks that are kept */
#define XST_STATE_LEAVES 1024         /* CPUID leaves that are kept; Xen has 120 */
#define XST_STATE_MSRS 256            /* MSRs of a policy that are kept; Xen has 2 */
#define XST_STATE_PARAMS 64           /* HVM parameters have indices below that */

/* --- life ----------------------------------------------------------------------------------- */

enum xst_state_flags {
	/* The state of the record in hand only: blocks are dropped where the next record begins.
	 * For those who want to show records one by one. */
	XST_STATE_BY_RECORD = 1u << 0
};

struct xst_state_options {
	size_t size;    /* sizeof(struct xst_state_options) */
	uint32_t flags; /* enum xst_state_flags */
};

/* Makes an empty state for one stream.  options: NULL for none.  Returns 0, XST_E_ARG or
 * XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_state_new(const struct xst_state_options *options,
					struct xst_state **ret);
/* Frees it.  NULL is fine.  Returns NULL. */
XST_API struct xst_state *xst_state_free(struct xst_state *s);

/* Takes every event of a parser.  Returns 0 or XST_E_NOMEM. */
XST_API XST_NODISCARD int xst_state_event(struct xst_state *s, const struct xst_event *ev);

/* How many bytes of the run in hand the state wants to see next, after PAYLOAD_BEGIN and after
 * each PAYLOAD: they are to follow as PAYLOAD events, in any number of pieces.  0: nothing more
 * of this run. */
XST_API uint64_t xst_state_wants(const struct xst_state *s);

/* --- the guest ------------------------------------------------------------------------------ */

/* PV or HVM (PVH guests, too), or XST_GUEST_UNKNOWN. */
XST_API enum xst_guest xst_state_guest(const struct xst_state *s);
/* Bytes of a PV guest's word, 4 or 8; 0: not known, or no PV guest. */
XST_API unsigned xst_state_guest_width(const struct xst_state *s);
/* Levels of a PV guest's page tables, or 0. */
XST_API unsigned xst_state_pt_levels(const struct xst_state *s);
/* Whether a whole state was seen: the stream's end, or a checkpoint's. */
XST_API int xst_state_is_complete(const struct xst_state *s);
/* How many complete checkpoints the stream had. */
XST_API uint64_t xst_state_checkpoints(const struct xst_state *s);
/* How many blocks were there for which a limit left no room. */
XST_API uint64_t xst_state_dropped(const struct xst_state *s);

/* --- blocks --------------------------------------------------------------------------------- */

enum xst_block_kind {
	XST_BLOCK_HVM = 0,     /* an entry of an HVM context; `type` is its type code */
	XST_BLOCK_PV_CONTEXT,  /* X86_PV_VCPU_BASIC */
	XST_BLOCK_PV_EXTENDED, /* X86_PV_VCPU_EXTENDED */
	XST_BLOCK_PV_XSAVE,    /* X86_PV_VCPU_XSAVE */
	XST_BLOCK_PV_MSRS,     /* X86_PV_VCPU_MSRS */
	XST_BLOCK_SHARED_INFO, /* SHARED_INFO */
	XST_BLOCK_HVM_TRAILING /* outside of its entries: after END, or too short for one */
};

enum xst_block_flags {
	XST_BLOCK_CUT = 1u << 0,       /* the record ends before the block's length is reached */
	XST_BLOCK_TRUNCATED = 1u << 1, /* a limit was reached: not all bytes were kept */
	XST_BLOCK_BIG_ENDIAN = 1u << 2,
	XST_BLOCK_OF_VCPU = 1u << 3    /* `instance` is a vCPU's number */
};

/* Filled in by the library; the caller sets `size` beforehand. */
struct xst_block {
	size_t size;             /* sizeof(struct xst_block) */
	enum xst_block_kind kind;
	uint32_t flags;          /* enum xst_block_flags */
	uint32_t type;           /* XST_BLOCK_HVM: its type code */
	uint32_t instance;       /* the vCPU, or the number of the device */
	const char *name;        /* static, for example "CPU"; "unknown" if no table has it */
	uint64_t offset;         /* of its first byte in the stream; of an HVM entry, of its body */
	uint64_t record_offset;  /* of the record that it stands in */
	uint64_t length;         /* bytes, as the stream says */
	const uint8_t *data;     /* those that were kept; the state's, valid until its next event */
	size_t n;                /* how many of them */
	unsigned width;          /* PV: bytes of the guest's word */
};

/* Fills in block number `index`, from 0, in the order of the stream.  Returns 0, or XST_E_ARG
 * after the last one. */
XST_API int xst_state_block(const struct xst_state *s, size_t index, struct xst_block *ret);
/* Fills in the next block of a vCPU, in the order of the stream; *index is 0 at the beginning.
 * Returns 0, or XST_E_ARG after the last one. */
XST_API int xst_state_vcpu_block(const struct xst_state *s, uint32_t vcpu, size_t *index,
				 struct xst_block *ret);
/* Fills in the last block of a kind, and of a type if it is XST_BLOCK_HVM, and of an instance.
 * Returns 0, or XST_E_ARG if there is none. */
XST_API int xst_state_find_block(const struct xst_state *s, enum xst_block_kind kind, uint32_t type,
				 uint32_t instance, struct xst_block *ret);

/* --- fields --------------------------------------------------------------------------------- */

enum xst_value_kind {
	XST_VALUE_NUMBER = 0, /* a quantity, for people in decimal */
	XST_VALUE_HEX,        /* an address, bits, a register */
	XST_VALUE_SIGNED,     /* a quantity below 0 is possible: two's complement of 64 bits */
	XST_VALUE_BYTES,      /* more than 8 bytes, or none that anybody knows */
	XST_VALUE_RESERVED,   /* means nothing; 0 in what Xen writes */
	XST_VALUE_MSR         /* the number of an MSR, see xst_msr_name() */
};

/* Filled in by the library; the caller sets `size` beforehand. */
struct xst_state_field {
	size_t size;          /* sizeof(struct xst_state_field) */
	char name[40];        /* "rax", "route[3]", "channel[0].count"; of unknown ones "bytes" */
	enum xst_value_kind kind;
	uint64_t value;       /* unless it is XST_VALUE_BYTES */
	unsigned width;       /* bytes of the number in the stream */
	unsigned bits;        /* of it, if the field is no whole number, or 0 */
	uint64_t offset;      /* in the block */
	const uint8_t *data;  /* the field's bytes in the block */
	size_t n;
	uint32_t since;       /* the first Xen that has the field, as XST_XEN(); 0: all do */
	int reg;              /* enum xst_register, or 0 */
};

/* Where an enumeration stands; all 0 at its beginning. */
struct xst_field_cursor {
	size_t row, element;
	uint64_t end; /* of the bytes that fields have covered */
};

/* Fills in the next field of a block that the caller has from a state.  What the block has no
 * bytes for is left out; what stands in it and is in no table comes last, as bytes.  Returns 0,
 * or XST_E_ARG after the last one. */
XST_API int xst_block_field(const struct xst_block *b, struct xst_field_cursor *at,
			    struct xst_state_field *ret);
/* A field by its name; of an array, of which it is the element.  Returns 0, or XST_E_ARG. */
XST_API int xst_block_find_field(const struct xst_block *b, const char *name,
				 struct xst_state_field *ret);

/* --- registers ------------------------------------------------------------------------------ */

/* Part of the ABI, like the kinds above: never renumbered.  A segment has four registers, in this
 * order: selector, base, limit, attributes (VMX's access rights: the descriptor's bits 40-47 and
 * 52-55). */
enum xst_register {
	XST_REG_NONE = 0,
	XST_REG_RAX, XST_REG_RBX, XST_REG_RCX, XST_REG_RDX, XST_REG_RBP, XST_REG_RSI, XST_REG_RDI,
	XST_REG_RSP, XST_REG_R8, XST_REG_R9, XST_REG_R10, XST_REG_R11, XST_REG_R12, XST_REG_R13,
	XST_REG_R14, XST_REG_R15, XST_REG_RIP, XST_REG_RFLAGS,
	XST_REG_CR0, XST_REG_CR2, XST_REG_CR3, XST_REG_CR4,
	XST_REG_USER_CR3, /* PV, 64 bits: the page table of user mode, 0: none */
	XST_REG_DR0, XST_REG_DR1, XST_REG_DR2, XST_REG_DR3, XST_REG_DR6, XST_REG_DR7,
	XST_REG_CS, XST_REG_CS_BASE, XST_REG_CS_LIMIT, XST_REG_CS_ATTRIBUTES,
	XST_REG_DS, XST_REG_DS_BASE, XST_REG_DS_LIMIT, XST_REG_DS_ATTRIBUTES,
	XST_REG_ES, XST_REG_ES_BASE, XST_REG_ES_LIMIT, XST_REG_ES_ATTRIBUTES,
	XST_REG_FS, XST_REG_FS_BASE, XST_REG_FS_LIMIT, XST_REG_FS_ATTRIBUTES,
	XST_REG_GS, XST_REG_GS_BASE, XST_REG_GS_LIMIT, XST_REG_GS_ATTRIBUTES,
	XST_REG_SS, XST_REG_SS_BASE, XST_REG_SS_LIMIT, XST_REG_SS_ATTRIBUTES,
	XST_REG_TR, XST_REG_TR_BASE, XST_REG_TR_LIMIT, XST_REG_TR_ATTRIBUTES,
	XST_REG_LDTR, XST_REG_LDTR_BASE, XST_REG_LDTR_LIMIT, XST_REG_LDTR_ATTRIBUTES,
	XST_REG_IDTR_BASE, XST_REG_IDTR_LIMIT, XST_REG_GDTR_BASE, XST_REG_GDTR_LIMIT,
	XST_REG_SYSENTER_CS, XST_REG_SYSENTER_ESP, XST_REG_SYSENTER_EIP,
	XST_REG_KERNEL_GS_BASE, /* the one that swapgs puts into GS's base */
	XST_REG_LSTAR, XST_REG_STAR, XST_REG_CSTAR, XST_REG_SFMASK, XST_REG_EFER, XST_REG_TSC_AUX,
	XST_REG_TSC, XST_REG_TSC_ADJUST,
	XST_REG_PENDING_EVENT, XST_REG_ERROR_CODE,
	XST_REG_XCR0, XST_REG_XCR0_ACCUM,
	XST_REG_APIC_BASE, XST_REG_TSC_DEADLINE, XST_REG_PAT,
	XST_REG_MAX
};

/* A register's name, for example "rax" or "cs_base"; a static string, never NULL. */
XST_API const char *xst_register_name(enum xst_register reg);
/* How many bits it has: 16, 32 or 64. */
XST_API unsigned xst_register_bits(enum xst_register reg);

/* What a bit of CR0, CR4, RFLAGS, EFER or XCR0 is called, for example "PG"; NULL: of other
 * registers, or reserved. */
XST_API const char *xst_register_bit_name(enum xst_register reg, unsigned bit);

/* How many vCPUs have registers. */
XST_API size_t xst_state_vcpu_count(const struct xst_state *s);
/* The number of the vCPU that is number `index` of these, ascending.  Returns 0, or XST_E_ARG. */
XST_API int xst_state_vcpu(const struct xst_state *s, size_t index, uint32_t *ret_vcpu);
/* A register of a vCPU.  What a PV guest's page frame is folded into (CR3) is an address, pfn ×
 * 4096; its FS and GS have their bases, and GS's and the other one are told apart by its mode.
 * Returns 0, or XST_E_ARG: the stream doesn't say. */
XST_API int xst_state_register(const struct xst_state *s, uint32_t vcpu, enum xst_register reg,
			       uint64_t *ret);

/* An MSR of those that a vCPU's record or entry lists.  Returns 0, or XST_E_ARG: it is not among
 * them. */
XST_API int xst_state_vcpu_msr(const struct xst_state *s, uint32_t vcpu, uint32_t index,
			       uint64_t *ret);

/* --- policies, parameters, time ------------------------------------------------------------- */

/* A row of a CPUID policy. */
struct xst_cpuid_leaf {
	uint32_t leaf, subleaf; /* UINT32_MAX: it has none */
	uint32_t eax, ebx, ecx, edx;
};
struct xst_msr_value {
	uint32_t index;
	uint64_t value;
};

/* Row number `index` of the last CPUID policy, as the stream has them.  Returns 0, or XST_E_ARG
 * after the last one. */
XST_API int xst_state_cpuid(const struct xst_state *s, size_t index, struct xst_cpuid_leaf *ret);
/* A row by its leaf and sub-leaf; a leaf without any is found by 0, too.  The last of several. */
XST_API int xst_state_cpuid_leaf(const struct xst_state *s, uint32_t leaf, uint32_t subleaf,
				 struct xst_cpuid_leaf *ret);
/* The same of the MSR policy. */
XST_API int xst_state_msr(const struct xst_state *s, size_t index, struct xst_msr_value *ret);
/* An HVM parameter.  Returns 0, or XST_E_ARG: it was not set. */
XST_API int xst_state_hvm_param(const struct xst_state *s, uint32_t index, uint64_t *ret);

/* The guest's time stamp counter; khz: of the machine that it was saved on. */
struct xst_tsc_info {
	uint32_t mode, khz, incarnation;
	uint64_t nsec;
};
/* What the record TSC_INFO says.  Returns 0, or XST_E_ARG: there is none. */
XST_API int xst_state_tsc(const struct xst_state *s, struct xst_tsc_info *ret);

/* An MSR's name, for example "EFER", or NULL if no table has it. */
XST_API const char *xst_msr_name(uint32_t index);

/* A feature that CPUID or MSR 0x10a tell of. */
struct xst_feature {
	const char *name;   /* as /proc/cpuinfo of Linux has it, or else Xen's xen-cpuid */
	const char *xen;    /* as xen-cpuid has it */
	uint32_t leaf, subleaf;
	unsigned reg;       /* 0 to 3: eax, ebx, ecx, edx; of an MSR, 0 and 3: its halves */
	unsigned bit;
	int is_msr;         /* `leaf` is the number of an MSR */
	int varies;         /* set by the guest, or by its surroundings */
};
/* Fills in row number `index`, from 0.  Returns 0, or XST_E_ARG after the last one. */
XST_API int xst_feature(size_t index, struct xst_feature *ret);
/* Whether a state's policies have it: 1, 0, or XST_E_ARG if there is no such leaf. */
XST_API int xst_state_has_feature(const struct xst_state *s, const struct xst_feature *f);

#ifdef __cplusplus
}
#endif
#endif
