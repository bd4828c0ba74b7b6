/* SPDX-License-Identifier: MIT */
/* Truncated inputs: what is lost with the rest, and what can be made of the part that is there. */
#include "job/convert_job.h"

#include <stdio.h>
#include <string.h>

static bool had_emulator(const struct convert *c)
{
	return c->track->completed[XST_KIND_EMULATOR_CONTEXT];
}

/* The guest's own state is complete, and its device model's too, which a PV guest does not have. */
static bool harmless(const struct convert *c)
{
	return c->track->image_complete && (c->track->guest == XST_GUEST_PV || had_emulator(c));
}

/* Nothing in today's formats distinguishes a PVH guest, which has no device model, from one whose
 * device model's state is cut off; its owner knows. */
static bool may_be_pvh(const struct convert *c)
{
	return track_has(c->track, XST_LAYER_LIBXL) && c->track->image_complete &&
	       !had_emulator(c) && !c->track->completed[XST_KIND_EMULATOR_XENSTORE_DATA] &&
	       !xst_reader_error(c->reader)->record_name;
}

static void tell_cut(struct convert *c)
{
	struct xst_finding f = *xst_reader_error(c->reader);

	f.code = 0;
	f.rule = xst_rule_table[RULE_CONVERT_CUT].id;
	f.severity = xst_rule_table[RULE_CONVERT_CUT].severity;
	(void)snprintf(f.text, sizeof(f.text),
		       "the input ends here; %s",
		       harmless(c) ? "nothing of the guest is lost"
		       : may_be_pvh(c)
			       ? "the guest's own state is complete, but only a PVH guest can "
				 "start with that alone"
		       : c->track->image_complete
			       ? "the device model's state is lost, and the guest can't be started"
			       : "the rest of the guest's state is lost, and the guest can't be "
				 "started");
	xst_job_tell(c->job, &f);
}

/* Ends the output after the last whole record. */
static int end_cut(struct convert *c)
{
	bool libxl = track_has(c->track, XST_LAYER_LIBXL);
	int r;

	tell_cut(c);
	xst_converter_abandon_record(c->converter);
	r = xst_output_rewind(c->output, c->boundary);
	if (r == XST_E_REFUSED)
		return xst_job_convert_refuse(
			c, r, RULE_CONVERT_CUT,
			"the output so far can't be undone: name a file for the output", 0, 0);
	if (r == 0 && !c->track->image_complete)
		r = xst_job_convert_end_image(c);
	if (r == 0 && (libxl || c->track->image_complete))
		r = xst_job_convert_end_layer(c, libxl ? XST_LAYER_LIBXL : XST_LAYER_LEGACY);
	return r ? r : xst_job_convert_end_layer(c, XST_LAYER_XENSERVER);
}

/* The sender of checkpoints has ended the image, and went away before the stream's own END. */
static bool ended_after_checkpoints(const struct convert *c)
{
	return c->track->checkpoints && track_has(c->track, XST_LAYER_LIBXL) && harmless(c) &&
	       xst_reader_offset(c->reader) == xst_reader_size(c->reader);
}

static bool cut_accepted(const struct convert *c)
{
	if (xst_reader_error(c->reader)->code != XST_E_TRUNCATED || !c->boundary ||
	    !c->track->completed[XST_KIND_PAGE_DATA])
		return false;
	return c->options->cut == XST_CUT_ANYWHERE || ended_after_checkpoints(c) ||
	       (c->options->cut == XST_CUT_HARMLESS && harmless(c));
}

static void explain_cut(struct convert *c)
{
	const struct xst_finding *cut = xst_reader_error(c->reader);

	if (c->options->cut != XST_CUT_HARMLESS || cut->code != XST_E_TRUNCATED || !may_be_pvh(c))
		return;
	c->error = *cut;
	c->error.rule = xst_rule_table[RULE_CONVERT_CUT].id;
	(void)snprintf(c->error.text, sizeof(c->error.text),
		       "the input ends after the guest's own state, which is complete: a PVH guest "
		       "needs no more, but any other HVM guest can't start without its device "
		       "model's state");
}

static bool wants_emulator(const struct convert *c)
{
	const struct wire_format *to =
		c->options->converter ? xst_wire_format_written(c->options->converter->to) : NULL;

	return track_has(c->track, XST_LAYER_LEGACY) && c->track->guest == XST_GUEST_HVM &&
	       !(c->parser_flags & XST_PARSER_NO_EMULATOR) &&
	       !c->options->legacy_only && (!to || to->holds & WIRE_HOLDS(EMULATOR));
}

int xst_job_convert_check_emulator(struct convert *c)
{
	struct xst_finding f = { .rule = xst_rule_table[RULE_CONVERT_CUT].id,
				 .severity = xst_rule_table[RULE_CONVERT_CUT].severity,
				 .layer = XST_LAYER_LEGACY,
				 .offset = xst_reader_offset(c->reader) };

	if (had_emulator(c) || !wants_emulator(c))
		return 0;
	(void)snprintf(f.text, sizeof(f.text),
		       "the input ends before the device model's state, without which an HVM guest "
		       "can't be started");
	if (c->options->cut == XST_CUT_HARMLESS) {
		f.severity = XST_ERROR;
		f.code = XST_E_TRUNCATED;
		c->error = f;
		return f.code;
	}
	xst_job_tell(c->job, &f);
	return 0;
}

int xst_job_convert_cut(struct convert *c, int r)
{
	if (cut_accepted(c))
		return end_cut(c);
	explain_cut(c);
	return r;
}

void xst_job_convert_name_checkpoints(const struct convert *c, struct xst_finding *f)
{
	uint64_t complete = c->track ? c->track->checkpoints : 0;
	size_t n = strlen(f->text);

	if (f->code == XST_E_TRUNCATED && complete && !c->planned && !xst_job_convert_one_state(c))
		(void)snprintf(f->text + n, sizeof(f->text) - n,
			       "; %llu checkpoint%s before it %s complete: --checkpoints last uses "
			       "the last one",
			       (unsigned long long)complete, complete > 1 ? "s" : "",
			       complete > 1 ? "are" : "is");
}
