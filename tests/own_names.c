/* SPDX-License-Identifier: MIT */
/* A program with functions of everyday names, some of them libc's, that links the archives: each side keeps its own. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xenstream/sinks.h>
#include <xenstream/xenstream.h>

#define OWN_NAMES(X)                                                                               \
	X(warn) X(err) X(fail) X(fault) X(field) X(detect) X(run) X(transfer) X(write_all) X(rules) \
	X(settle) X(grow) X(put) X(say) X(read_some) X(relay_event) X(begin_record)

static unsigned called;

#define DEFINE(name)                                                                               \
	void name(void);                                                                           \
	void name(void)                                                                            \
	{                                                                                          \
		called++;                                                                          \
	}
OWN_NAMES(DEFINE)

static void count(void *userdata, const struct xst_finding *f)
{
	(void)f;
	++*(unsigned *)userdata;
}

/* Reads what is no stream, so that every way to an error is walked. */
static int verify_garbage(unsigned *ret_findings)
{
	struct xst_job_options job = { .size = sizeof(job), .finding = count, .userdata = ret_findings };
	struct xst_verify_options options = { .size = sizeof(options), .job = &job };
	struct xst_verdict verdict;
	int ends[2], r;

	if (pipe(ends) || write(ends[1], "LibxlFmtbut no header follows", 29) != 29)
		return -1;
	close(ends[1]);
	r = xst_verify_fd(ends[0], &options, &verdict, NULL);
	close(ends[0]);
	return r;
}

int main(void)
{
	unsigned findings = 0;

#define CALL(name) name();
	int r = verify_garbage(&findings);

	if (r || !findings || called) {
		fprintf(stderr, "%d, %u findings, %u calls of the program's own functions\n", r, findings, called);
		return 1;
	}
	OWN_NAMES(CALL)
	return called == 17 ? 0 : 1;
}
