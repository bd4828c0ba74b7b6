/* SPDX-License-Identifier: MIT */
/* The suspend image of XenServer and XCP-ng: records, in the order that xenopsd writes where the
 * input leaves a choice. */
#include "emit/converter.h"

#include "wire/wire.h"

static int xenserver_writer_begin(struct xst_converter *c, enum xst_kind kind, uint64_t length)
{
	return xst_emit_begin_in(c->out, XST_LAYER_XENSERVER, kind, length);
}

static int empty(struct xst_converter *c, enum xst_kind kind)
{
	int r = xenserver_writer_begin(c, kind, 0);

	return r ? r : xst_emit_end(c->out);
}

int xst_emit_xenserver_config(struct xst_converter *c)
{
	const struct xst_config *g = &c->config.chosen;
	int r = xenserver_writer_begin(c, XST_KIND_CONFIG, g->size);

	if (r == 0)
		r = xst_emit_bytes(c->out, g->data, g->size);
	return r ? r : xst_emit_end(c->out);
}

/* Without a xenops record xenopsd still restores: it knows its VMs. */
int xst_emit_xenserver_begin(struct xst_converter *c)
{
	int r = xenserver_writer_begin(c, XST_KIND_XENSERVER_HEADER, XENSERVER_MAGIC_SIZE);

	if (r == 0)
		r = xst_emit_fields(c->out, NULL, 0);
	if (r == 0)
		r = xst_emit_end(c->out);
	return r || !c->config.chosen.size ? r : xst_emit_xenserver_config(c);
}

int xst_emit_xenserver_image(struct xst_converter *c)
{
	return empty(c, XST_KIND_XENSERVER_IMAGE);
}

int xst_emit_xenserver_state(struct xst_converter *c)
{
	int r = xst_converter_begin_container(c);

	c->open = true;
	return r ? r : xenserver_writer_begin(c, c->kind, c->record_length);
}

int xst_emit_xenserver_emulator(struct xst_converter *c, uint64_t length)
{
	int r = xst_converter_begin_container(c);

	if (length > XENSERVER_MAX_QEMU)
		xst_converter_remark(
			c, RULE_XENSERVER_QEMU_SIZE,
			"%llu octets of device model state are more than the %u that xenopsd reads",
			(unsigned long long)length, XENSERVER_MAX_QEMU);
	return r ? r : xenserver_writer_begin(c, XST_KIND_EMULATOR_CONTEXT, length);
}

int xst_emit_xenserver_end(struct xst_converter *c)
{
	return empty(c, XST_KIND_END_OF_IMAGE);
}
