/* SPDX-License-Identifier: MIT */
#include "state_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct feed {
	const uint8_t *data;
	size_t size, window, at;
	struct xst_in in;
	struct xst_parser *parser;
};

static void next_window(struct feed *f)
{
	size_t n = f->size - f->at;

	if (f->window && n > f->window)
		n = f->window;
	f->in = (struct xst_in){ f->data + f->at, n, 0 };
	f->at += n;
	if (!n)
		xst_parser_eof(f->parser);
}

/* Passes over what the state doesn't want, as a reader of a file does. */
static void pass_over(struct feed *f, const struct xst_state *s)
{
	uint64_t left = xst_parser_payload_left(f->parser);

	if (xst_state_wants(s) || !f->window || f->in.pos != f->in.size ||
	    left == XST_LENGTH_UNKNOWN)
		return;
	if (left > f->size - f->at)
		left = f->size - f->at;
	if (left && xst_parser_claim(f->parser, &f->in, left) == 0)
		f->at += (size_t)left;
}

struct xst_state *state_of(const uint8_t *data, size_t size, size_t window,
			   const struct xst_parser_options *options, uint32_t flags, int *ret_code)
{
	struct xst_state_options o = { sizeof(o), flags };
	struct feed f = { .data = data, .size = size, .window = window };
	const struct xst_event *ev;
	struct xst_state *s;
	int r;

	if (xst_parser_new(options, &f.parser) || xst_state_new(&o, &s))
		abort();
	while ((r = xst_parser_next(f.parser, &f.in, &ev)) == 0) {
		if (ev->type == XST_EVENT_NEED) {
			next_window(&f);
			continue;
		}
		if (xst_state_event(s, ev))
			abort();
		if (ev->type == XST_EVENT_FINISHED)
			break;
		if (ev->type == XST_EVENT_PAYLOAD_BEGIN || ev->type == XST_EVENT_PAYLOAD)
			pass_over(&f, s);
	}
	*ret_code = r;
	xst_parser_free(f.parser);
	return s;
}

/* --- as text -------------------------------------------------------------------------------- */

static void hex(FILE *to, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(to, "%02x", p[i]);
}

static void field_text(FILE *to, const struct xst_block *b, const struct xst_state_field *f)
{
	if (f->offset + f->n > b->n || f->data != b->data + f->offset)
		abort();
	fprintf(to, "  %s @%llu %u %u %#llx ", f->name, (unsigned long long)f->offset,
		(unsigned)f->kind, f->bits, (unsigned long long)f->value);
	hex(to, f->data, f->n);
	fputc('\n', to);
}

static void block_text(FILE *to, const struct xst_block *b)
{
	struct xst_field_cursor at = { 0 };
	struct xst_state_field f = { .size = sizeof(f) };

	if (b->n > XST_STATE_BLOCK || b->n > b->length)
		abort();
	fprintf(to, "%s kind %d type %u of %u at %llu in %llu: %llu, %zu kept, flags %u\n", b->name,
		(int)b->kind, b->type, b->instance, (unsigned long long)b->offset,
		(unsigned long long)b->record_offset, (unsigned long long)b->length, b->n,
		b->flags);
	while (xst_block_field(b, &at, &f) == 0)
		field_text(to, b, &f);
}

/* The blocks of a vCPU are those that are its own, in the same order. */
static void vcpu_blocks_agree(const struct xst_state *s, uint32_t vcpu)
{
	struct xst_block all = { .size = sizeof(all) }, own = { .size = sizeof(own) };
	size_t at = 0;

	for (size_t i = 0; xst_state_block(s, i, &all) == 0; i++)
		if ((all.flags & XST_BLOCK_OF_VCPU) && all.instance == vcpu &&
		    (xst_state_vcpu_block(s, vcpu, &at, &own) || all.data != own.data ||
		     all.offset != own.offset))
			abort();
	if (xst_state_vcpu_block(s, vcpu, &at, &own) == 0)
		abort();
}

static void vcpus_text(FILE *to, const struct xst_state *s)
{
	size_t n = xst_state_vcpu_count(s);
	uint32_t vcpu;
	uint64_t v;

	for (size_t i = 0; i < n && i < 32; i++) {
		if (xst_state_vcpu(s, i, &vcpu))
			abort();
		vcpu_blocks_agree(s, vcpu);
		fprintf(to, "vcpu %u:", vcpu);
		for (int reg = 1; reg < XST_REG_MAX; reg++)
			if (xst_state_register(s, vcpu, (enum xst_register)reg, &v) == 0)
				fprintf(to, " %s=%#llx", xst_register_name((enum xst_register)reg),
					(unsigned long long)v);
		fputc('\n', to);
	}
	if (xst_state_vcpu(s, n, &vcpu) == 0)
		abort();
}

static void policies_text(FILE *to, const struct xst_state *s)
{
	struct xst_cpuid_leaf l;
	struct xst_msr_value m;
	struct xst_tsc_info tsc;
	uint64_t v;

	for (size_t i = 0; xst_state_cpuid(s, i, &l) == 0; i++)
		fprintf(to, "leaf %x %x: %x %x %x %x\n", l.leaf, l.subleaf, l.eax, l.ebx, l.ecx,
			l.edx);
	for (size_t i = 0; xst_state_msr(s, i, &m) == 0; i++)
		fprintf(to, "msr %x: %llx\n", m.index, (unsigned long long)m.value);
	for (uint32_t i = 0; i < XST_STATE_PARAMS; i++)
		if (xst_state_hvm_param(s, i, &v) == 0)
			fprintf(to, "param %u: %llx\n", i, (unsigned long long)v);
	if (xst_state_tsc(s, &tsc) == 0)
		fprintf(to, "tsc %u %u %u %llu\n", tsc.mode, tsc.khz, tsc.incarnation,
			(unsigned long long)tsc.nsec);
}

char *state_text(const struct xst_state *s)
{
	struct xst_block b = { .size = sizeof(b) };
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		abort();
	fprintf(to, "guest %d width %u levels %u complete %d checkpoints %llu dropped %llu\n",
		(int)xst_state_guest(s), xst_state_guest_width(s), xst_state_pt_levels(s),
		xst_state_is_complete(s), (unsigned long long)xst_state_checkpoints(s),
		(unsigned long long)xst_state_dropped(s));
	for (size_t i = 0; xst_state_block(s, i, &b) == 0; i++)
		block_text(to, &b);
	vcpus_text(to, s);
	policies_text(to, s);
	if (fclose(to))
		abort();
	return text;
}
