/* SPDX-License-Identifier: MIT */
/* The decoded guest, for the verbs that show it. */
#ifndef CLI_GUEST_H
#define CLI_GUEST_H

#include "cli/cli.h"

/* --- guest_read.c --------------------------------------------------------------------------- */

/* Reads a file to its end.  Returns what to exit with, having said why; *ret is what was learned,
 * also of a damaged one, or NULL.  To be freed with xst_state_free(). */
int xst_cli_guest_read(const char *file, struct xst_state **ret);
/* Takes a run's bytes to a state that wants some, or passes over them.  Returns 0 or an error. */
int xst_cli_guest_run(struct xst_reader *r, const struct xst_state *s);
/* "pv", "hvm" or "unknown". */
const char *xst_cli_guest_name(const struct xst_state *s);

/* --- guest_json.c --------------------------------------------------------------------------- */

/* How many fields are left to be told: a stream can hold millions, memory must not. */
struct guest_budget {
	uint64_t left, omitted;
};
#define GUEST_JSON_FIELDS 131072

/* A block with all its fields; its name, type, instance, place and length. */
json_object *xst_cli_block_json(const struct xst_block *b, struct guest_budget *budget);
/* The registers of a vCPU by name. */
json_object *xst_cli_registers_json(const struct xst_state *s, uint32_t vcpu);
/* vCPUs with these, all or one. */
json_object *xst_cli_vcpus_json(const struct xst_state *s, uint32_t vcpu);
/* All of the state, or of it what belongs to one vCPU (UINT32_MAX: of all). */
json_object *xst_cli_guest_json(const char *file, const struct xst_state *s, uint32_t vcpu);

/* --- record_state.c ------------------------------------------------------------------------- */

/* Adds the blocks of a record to what is told of it; the state is one of XST_STATE_BY_RECORD. */
void xst_cli_record_state(struct record_view *v, const struct xst_state *s);

/* --- guest_print.c -------------------------------------------------------------------------- */

/* One line: where a vCPU is. */
void xst_cli_vcpu_line(FILE *to, const struct xst_state *s, uint32_t vcpu);
/* A screen for each vCPU, or for one. */
void xst_cli_guest_print(FILE *to, const struct xst_state *s, uint32_t vcpu);

/* --- block_print.c -------------------------------------------------------------------------- */

/* A heading, then the fields that are not 0, side by side. */
void xst_cli_block_print(FILE *to, const struct xst_block *b);
/* The same of a PV vCPU's context, without its registers. */
void xst_cli_pv_context_print(FILE *to, const struct xst_block *b);
/* The IOAPIC's pins, a line for each that is not masked. */
void xst_cli_ioapic_print(FILE *to, const struct xst_block *b);
/* What a local APIC is about to deliver, and its registers. */
void xst_cli_lapic_print(FILE *to, const struct xst_block *b);
/* Floating point and vector registers of whatever holds them: what is not 0. */
void xst_cli_vectors_print(FILE *to, const struct xst_block *b);
/* MSRs by name. */
void xst_cli_msrs_print(FILE *to, const struct xst_block *b);

#endif
