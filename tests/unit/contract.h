/* SPDX-License-Identifier: MIT */
/* A restore's side of the contract with its sinks, as include/xenstream/restore.h has it: put around any sinks,
 * it ends the process at the first call that may not come. */
#ifndef TESTS_CONTRACT_H
#define TESTS_CONTRACT_H

#include <xenstream/restore.h>

enum contract_sink { CONTRACT_DOMAIN, CONTRACT_XENSTORE, CONTRACT_EMULATOR, CONTRACT_SINKS };

/* How far a sink is; the operations of each step come after the one before is over. */
enum contract_step {
	CONTRACT_NEW,
	CONTRACT_PREPARED,
	CONTRACT_FINISHED,
	CONTRACT_COMMITTED,
	CONTRACT_ABORTED,
	CONTRACT_FREED
};

struct contract {
	struct contracted {
		struct contract *all;
		void *self;              /* the sink's own */
		enum contract_step step;
		bool touched, failed;
		const char *again;       /* the operation that wants to be called once more, or NULL */
		bool open, in_run;       /* a record, and a run in it */
		uint64_t left;           /* bytes of the run */
	} sinks[CONTRACT_SINKS];
	const struct xst_domain_sink_ops *domain;
	const struct xst_xenstore_sink_ops *xenstore;
	const struct xst_emulator_sink_ops *emulator;
	struct xst_domain_sink_ops domain_ops;     /* what the restore gets, with its own flags */
	struct xst_xenstore_sink_ops xenstore_ops;
	struct xst_emulator_sink_ops emulator_ops;
	bool image_begun;
	uint64_t checkpoints;
};

/* Puts it between a restore and the sinks that are in its options.  Must outlive the restore. */
void contract_wrap(struct contract *c, struct xst_restore_options *o);
/* All is over: each sink was freed, and ended as the others did. */
void contract_end(const struct contract *c);

#endif
