/* SPDX-License-Identifier: MIT */
/* A conversion, from a descriptor through the converter into an output: convert_plan.c finds out
 * what the caller wants of a stream, convert_run.c moves it, convert_cut.c handles truncated
 * inputs. */
#ifndef JOB_CONVERT_JOB_H
#define JOB_CONVERT_JOB_H

#include "check/check.h"
#include "emit/converter.h"
#include "finding/finding.h"
#include "io/io.h"
#include "io/pull.h"
#include "job/job.h"
#include "job/unfold.h"

struct convert {
	const struct xst_convert_options *options;
	const struct xst_job_options *job;
	struct xst_reader *reader;
	struct xst_converter *converter;
	struct xst_output *output;
	struct xst_checker *checker;
	struct sight sight;    /* of the checker, on the run in hand */
	struct xst_event part; /* what it sees next of that */
	const struct track *track;
	uint32_t parser_flags;
	struct xst_finding error;
	uint64_t boundary;     /* bytes of output up to the last whole record */
	uint64_t begin;        /* where the current layer begins */
	/* of a checkpointed stream */
	bool planned;
	bool finished;         /* the wanted state is complete */
	bool stopped;          /* no more is read */
	enum xst_layer layer;  /* the unfolded one */
	struct unfold *unfold;
	uint64_t input_end;    /* if it is not truncated */
};

/* Records why the conversion fails, for its caller.  Returns the code. */
int xst_job_convert_refuse(struct convert *c, int code, enum xst_rule rule, const char *format,
			   unsigned stream, unsigned given);
bool xst_job_convert_forced(const struct convert *c);
/* Whether the parser was told to read only one state. */
bool xst_job_convert_one_state(const struct convert *c);

/* convert_plan.c: at a layer's beginning, checks the caller's hints about the stream. */
int xst_job_convert_check_hints(struct convert *c, const struct xst_event *ev);
/* A file can be scanned beforehand.  A pipe is copied to a file at the first sign of checkpoints,
 * or at the beginning if they are expected. */
int xst_job_convert_plan(struct convert *c, const struct xst_event *ev);

/* convert_run.c: end a layer or an image instead of the input's own end. */
int xst_job_convert_end_layer(struct convert *c, enum xst_layer layer);
int xst_job_convert_end_image(struct convert *c);

/* convert_cut.c: the reader has failed with r.  Ends the output if the caller accepts a cut.
 * Returns 0 or r. */
int xst_job_convert_cut(struct convert *c, int r);
/* An HVM guest's legacy stream can end before the device model's state: because libxc alone wrote
 * it, or because it is truncated there. */
int xst_job_convert_check_emulator(struct convert *c);
/* Adds to an error that a complete state exists, as in a checkpointed stream whose sender has
 * died. */
void xst_job_convert_name_checkpoints(const struct convert *c, struct xst_finding *f);

#endif
