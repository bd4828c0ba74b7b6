/* SPDX-License-Identifier: MIT */
/* The suspend image of XenServer and XCP-ng: records, in the order in which xenopsd writes them
 * where the input leaves a choice. */
#include "emit/converter.h"

#include "wire/wire.h"

static int xenserver_writer_record(struct xst_converter *c, enum xst_kind kind, uint64_t length)
{
	return xst_emit_begin_in(c->out, XST_LAYER_XENSERVER, kind, length);
}

static int empty(struct xst_converter *c, enum xst_kind kind)
{
	int r = xenserver_writer_record(c, kind, 0);

	return r ? r : xst_emit_end(c->out);
}

static int xenserver_writer_config(struct xst_converter *c)
{
	return xst_converter_contained_config(c, XST_LAYER_XENSERVER);
}

/* Without a xenops record xenopsd still restores: it knows its VMs. */
static int xenserver_writer_begin(struct xst_converter *c)
{
	int r = xenserver_writer_record(c, XST_KIND_XENSERVER_HEADER, XENSERVER_MAGIC_SIZE);

	if (r == 0)
		r = xst_emit_fields(c->out, NULL, 0);
	if (r == 0)
		r = xst_emit_end(c->out);
	return r || !c->config.chosen.size ? r : xenserver_writer_config(c);
}

static int xenserver_writer_image(struct xst_converter *c)
{
	return empty(c, XST_KIND_XENSERVER_IMAGE);
}

static int xenserver_writer_state(struct xst_converter *c)
{
	int r = xst_converter_begin_container(c);

	c->open = true;
	return r ? r : xenserver_writer_record(c, c->kind, c->record_length);
}

static int xenserver_writer_emulator(struct xst_converter *c, uint64_t length)
{
	int r = xst_converter_begin_container(c);

	if (length > XENSERVER_MAX_QEMU)
		xst_converter_remark(
			c, RULE_XENSERVER_QEMU_SIZE,
			"%llu bytes of device model state are more than the %u that xenopsd reads",
			(unsigned long long)length, XENSERVER_MAX_QEMU);
	return r ? r : xenserver_writer_record(c, XST_KIND_EMULATOR_CONTEXT, length);
}

static int xenserver_writer_end(struct xst_converter *c)
{
	return empty(c, XST_KIND_END_OF_IMAGE);
}

const struct container_writer xst_emit_xenserver_writer = {
	.container = XST_CONTAINER_XENSERVER,
	.begin = xenserver_writer_begin,
	.image = xenserver_writer_image,
	.emulator = xenserver_writer_emulator,
	.end = xenserver_writer_end,
	.config = xenserver_writer_config,
	.state = xenserver_writer_state,
};
