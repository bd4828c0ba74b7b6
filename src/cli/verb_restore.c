/* SPDX-License-Identifier: MIT */
/* restore and receive, which differ in the side that makes the connection. */
#include "cli/restore_options.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "cli/config_choice.h"
#include "cli/format_choice.h"
#include "limits/limits.h"

static struct {
	char *config, *into, *domain, *xenstore, *xenstore_root, *emulator, *format;
	double timeout, stall;
	int domid, no_config, force, json, sync;
} opt = { .domid = 1 };

static const struct poptOption table[] = {
	{ "into", 'd', POPT_ARG_STRING, &opt.into, 0,
	  "build the domain in this directory: short for --domain image:DIR --xenstore dir: "
	  "--emulator file:",
	  "DIR" },
	{ "domain", '\0', POPT_ARG_STRING, &opt.domain, 0,
	  "where memory and registers go: image:DIR, exec:COMMAND, null: or none:", "URL" },
	{ "xenstore", '\0', POPT_ARG_STRING, &opt.xenstore, 0,
	  "where the device model's keys go: xenstored:, xenstored:SOCKET, dir: (in image:DIR) or none:",
	  "URL" },
	{ "xenstore-root", '\0', POPT_ARG_STRING, &opt.xenstore_root, 0,
	  "path the keys are relative to (default: /local/domain/0/device-model/DOMID)", "PATH" },
	{ "emulator", '\0', POPT_ARG_STRING, &opt.emulator, 0,
	  "where the device model's state goes: file:PATH, file:DIR/, file: (in image:DIR), qmp:SOCKET or none:",
	  "URL" },
	{ "format", 't', POPT_ARG_STRING, &opt.format, 0,
	  "format of the stream for exec: xl (the default), libxl or libxc", "FORMAT" },
	{ "domid", '\0', POPT_ARG_INT, &opt.domid, 0, "the new domain's id (default: 1)", "N" },
	{ "config", 'c', POPT_ARG_STRING, &opt.config, 0,
	  "use this configuration instead of the stored one", "FILE" },
	{ "no-config", '\0', POPT_ARG_NONE, &opt.no_config, 0,
	  "accept a stream that has no configuration", NULL },
	{ "timeout", '\0', POPT_ARG_DOUBLE, &opt.timeout, 0,
	  "give up if the stream has not ended after this time", "SECONDS" },
	{ "stall", '\0', POPT_ARG_DOUBLE, &opt.stall, 0, "give up after this time without progress",
	  "SECONDS" },
	{ "force", 'f', POPT_ARG_NONE, &opt.force, 0,
	  "leave out what a conversion to today's format loses; write keys outside physmap/, too", NULL },
	{ "sync", '\0', POPT_ARG_NONE, &opt.sync, 0,
	  "wait until the directory of image: is on disk", NULL },
	{ "json", 'j', POPT_ARG_NONE, &opt.json, 0, "print the result as JSON on standard output", NULL },
	POPT_TABLEEND
};

static int restore(int argc, const char **argv);
static int receive_verb_run(int argc, const char **argv);

const struct verb xst_cli_verb_restore = {
	.name = "restore",
	.arguments = "FILE|-|unix:PATH|tcp:HOST:PORT",
	.summary = "Restore the domain in a stream to files, a program, xenstored or QEMU",
	.example = "  xenstream restore --into guest.d guest.save\n"
		   "  xenstream restore --domain 'exec:xl restore /dev/stdin' old.save.gz",
	.run = restore,
};

const struct verb xst_cli_verb_receive = {
	.name = "receive",
	.arguments = "unix:PATH|tcp:HOST:PORT",
	.summary = "Listen for one stream and restore its domain as restore does",
	.example = "  xenstream receive --into guest.d tcp:0.0.0.0:8002",
	.run = receive_verb_run,
};

struct run {
	const struct verb *verb;
	const char *from, *name; /* as given, for messages */
	struct input in;
	struct xst_restore_options options;
	struct xst_restore_result result;
	struct config_choice choice;
	bool input_failed; /* decompression has failed, which has been reported */
};

/* --- the result -------------------------------------------------------------------------------- */

static json_object *result_json(const struct run *run, int code)
{
	static const char *const outcomes[] = { "complete", "failover", "failed", "aborted" };
	const struct xst_restore_result *r = &run->result;
	json_object *o = json_object_new_object();

	json_object_object_add(o, "file", xst_cli_json_text(run->name, strlen(run->name)));
	json_object_object_add(o, "outcome", json_object_new_string(outcomes[r->outcome]));
	json_object_object_add(o, "checkpoint", xst_cli_json_u64(r->checkpoint));
	json_object_object_add(o, "records", xst_cli_json_u64(r->records));
	json_object_object_add(o, "octets", xst_cli_json_u64(r->end));
	json_object_object_add(o, "dropped", xst_cli_json_u64(r->dropped));
	if (code)
		json_object_object_add(o, "error", xst_cli_finding_json(run->name, &r->error));
	return o;
}

/* The result of a restore that ends before it has read anything. */
static json_object *early_json(struct run *run, enum xst_outcome outcome, int code, const char *rule,
			       const char *text)
{
	struct xst_finding *f = &run->result.error;

	run->result.outcome = outcome;
	*f = (struct xst_finding){ .code = code, .severity = XST_ERROR, .rule = rule };
	snprintf(f->text, sizeof(f->text), "%s", text);
	return result_json(run, code);
}

/* --- signals ---------------------------------------------------------------------------------- */

static volatile sig_atomic_t running; /* there is something to abort */
static volatile int stop_fd = -1;
/* the result in JSON if no stream arrives, which a signal handler could not build */
static char *volatile nothing_came, *volatile given_up;

#define NOTHING_CAME "no stream arrived in time (--timeout)"
#define GIVEN_UP     "aborted"

static void restore_verb_write_words(int fd, const char *s)
{
	if (s)
		(void)!write(fd, s, strlen(s));
}

/* Before the restore has started this ends the program; afterwards it stops the restore. */
static void on_signal(int signal_number)
{
	uint64_t one = 1;
	int err = errno;

	if (!running) {
		if (endpoint_socket)
			unlink(endpoint_socket);
		restore_verb_write_words(STDERR_FILENO, signal_number == SIGALRM
								? "xenstream: " NOTHING_CAME "\n"
								: "xenstream: " GIVEN_UP "\n");
		restore_verb_write_words(STDOUT_FILENO,
					 signal_number == SIGALRM ? nothing_came : given_up);
		_exit(EXIT_IO);
	}
	(void)!write(stop_fd, &one, sizeof(one));
	errno = err;
}

static void set_timer(double seconds)
{
	struct itimerval t = { .it_value = { (time_t)seconds,
					     (suseconds_t)(1e6 * (seconds - (double)(time_t)seconds)) } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static void prepare_words(struct run *run)
{
	if (!opt.json)
		return;
	nothing_came = xst_cli_json_line(
		early_json(run, XST_OUTCOME_FAILED, XST_E_IO, "restore.timeout", NOTHING_CAME));
	given_up = xst_cli_json_line(
		early_json(run, XST_OUTCOME_ABORTED, XST_E_IO, "restore.aborted", GIVEN_UP));
	run->result = (struct xst_restore_result){ .records = 0 };
}

static void forget_words(void)
{
	char *words[] = { nothing_came, given_up };

	nothing_came = given_up = NULL;
	free(words[0]);
	free(words[1]);
}

/* Returns 0 or -errno. */
static int handle_signals(struct run *run)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (stop_fd < 0)
		return -errno;
	prepare_words(run);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGALRM, &sa, NULL);
	set_timer(opt.timeout);
	return 0;
}

/* --- options ---------------------------------------------------------------------------------- */

static int restore_verb_check_options(const struct verb *verb)
{
	char words[100];

	if (opt.domid < 0 || opt.domid > 32751) /* DOMID_FIRST_RESERVED is 0x7ff0 */
		return xst_cli_usage_error(verb, "--domid %d: not from 0 to 32751", opt.domid);
	if (!(opt.timeout >= 0) || !(opt.stall >= 0) || opt.timeout > LIMIT_SECONDS ||
	    opt.stall > LIMIT_SECONDS)
		return xst_cli_usage_error(verb, "--timeout and --stall need a number of seconds");
	if (opt.format && !xst_cli_format_parse(xst_cli_format_of_xen, opt.format))
		return xst_cli_usage_error(
			verb, "--format %s: not %s", opt.format,
			xst_cli_format_words(xst_cli_format_of_xen, "", words, sizeof(words)));
	return EXIT_FINE;
}

/* A given configuration is used as it is; a stored one of another toolstack is translated. */
static int restore_verb_read_config(struct run *run)
{
	run->choice = (struct config_choice){ .file = opt.config, .input = run->name };
	return xst_cli_config_choice_read(&run->choice);
}

/* --- the run ---------------------------------------------------------------------------------- */

static void restore_verb_tell(void *userdata, const struct xst_finding *f)
{
	struct run *run = userdata;

	if (!common.quiet && f->severity != XST_NOTE)
		xst_cli_print_finding(stderr, run->name, f);
}

static void restore_verb_tell_progress(void *userdata, uint64_t done, uint64_t total)
{
	(void)userdata;
	xst_cli_progress_tell(NULL, done, total);
}

/* Compressed data must be complete when the stream is.  In a failover both may be cut off. */
static int restore_verb_confirm(void *userdata, enum xst_outcome outcome,
				struct xst_finding *reterr)
{
	struct run *run = userdata;
	const char *fault = run->in.layers ? xst_cli_input_fault(&run->in) : NULL;

	if (!fault || (outcome == XST_OUTCOME_FAILOVER && xst_cli_input_is_cut(&run->in)))
		return 0;
	*reterr = (struct xst_finding){ .code = XST_E_IO, .rule = "input.io",
					.severity = XST_ERROR };
	snprintf(reterr->text, sizeof(reterr->text), "%s", fault);
	return XST_E_IO;
}

static int restore_verb_translate(void *userdata, const struct xst_config *stored,
				  struct xst_config *ret, char *why, size_t size)
{
	struct run *run = userdata;

	return xst_cli_config_choice_make(&run->choice, stored, ret, why, size);
}

/* A directory is of use without a configuration, too: to who looks at memory. */
static bool restore_verb_does_without(void)
{
	return opt.no_config || (opt.into && !opt.domain);
}

static int restore_verb_configured(void *userdata, const struct xst_restore_domain *domain,
				   enum xst_guest guest, struct xst_finding *reterr)
{
	struct run *run = userdata;

	if (domain->config)
		return xst_cli_restore_config_judge(opt.config, domain, guest, reterr);
	if (!guest && !opt.no_config && !common.quiet)
		xst_cli_say("%s: remark: no configuration is stored with this image, and %s gets none; "
			    "pack --to xl will ask for one (--config FILE)",
			    run->name, opt.into);
	return 0;
}

static void say_result(const struct run *run)
{
	const struct xst_restore_result *r = &run->result;
	char size[32];

	xst_cli_human_size(r->end, size, sizeof(size));
	if (r->outcome == XST_OUTCOME_FAILOVER)
		xst_cli_say(
			"%s: the sender is gone; restored as of checkpoint %llu (%llu records, %s)",
			run->name, (unsigned long long)r->checkpoint,
			(unsigned long long)r->records, size);
	else if (r->outcome == XST_OUTCOME_COMPLETE)
		xst_cli_say("%s: restored (%llu records, %s)", run->name,
			    (unsigned long long)r->records, size);
}

/* The error is the last message printed.  Wrong usage has no result. */
static int tell_early(struct run *run, int code, const char *rule)
{
	int error = code == EXIT_IO ? XST_E_IO : code == EXIT_TROUBLE ? XST_E_NOMEM : XST_E_UNSUPPORTED;

	if (code && code != EXIT_USAGE && opt.json)
		xst_cli_print_json_line(
			early_json(run, XST_OUTCOME_FAILED, error, rule, xst_cli_last_said()));
	return code;
}

/* Damage to the compressed data explains any other fault, so it is reported alone. */
static int restore_verb_end_input(struct run *run, int code)
{
	int fault;

	if (code != EXIT_FINE && code != EXIT_INVALID) {
		xst_cli_input_abandon(&run->in);
		return EXIT_FINE;
	}
	if (code == EXIT_INVALID)
		xst_cli_input_read_on(&run->in);
	fault = code == EXIT_FINE && run->result.outcome == XST_OUTCOME_FAILOVER
			? xst_cli_input_close_cut(&run->in)
			: xst_cli_input_close(&run->in);
	run->input_failed = fault != EXIT_FINE;
	return fault;
}

static int act(struct run *run)
{
	int code, fault;

	xst_cli_progress_start(run->name);
	set_timer(0);
	running = 1;
	forget_words();
	code = xst_cli_exit_for(xst_restore_run(&run->options, stop_fd, &run->result));
	running = 0;
	xst_cli_progress_end();
	fault = restore_verb_end_input(run, code);
	if (code && !run->input_failed && run->result.error.code) {
		if (run->result.error.code == XST_E_IO)
			xst_cli_say("%s: %s", run->name, run->result.error.text);
		else
			xst_cli_print_finding(stderr, run->name, &run->result.error);
	} else if (code && !run->input_failed) {
		xst_cli_say("%s: out of memory or descriptors", run->name);
	} else if (!code && !common.quiet) {
		say_result(run);
	}
	if (code && !run->result.error.code)
		tell_early(run, code, "input.io");
	else if (opt.json)
		xst_cli_print_json_line(result_json(run, code));
	return fault ? fault : code;
}

static uint64_t microseconds(double seconds)
{
	return seconds > 0 ? (uint64_t)(1e6 * seconds) + 1 : 0;
}

static int run_sinks(struct run *run)
{
	struct sink_plan plan = { .into = opt.into, .domain = opt.domain, .xenstore = opt.xenstore,
				  .emulator = opt.emulator, .xenstore_root = opt.xenstore_root,
				  .format = opt.format, .domid = opt.domid,
				  .force = opt.force, .sync = opt.sync };
	int code;

	run->options = (struct xst_restore_options){
		.size = sizeof(run->options),
		.flags = (restore_verb_does_without() ? XST_RESTORE_NO_CONFIG : 0u) |
			 (opt.force ? XST_RESTORE_FORCE : 0u),
		.fd = -1,
		.domid = (uint32_t)opt.domid,
		.config = run->choice.given,
		.config_size = run->choice.ngiven,
		.timeout = microseconds(opt.timeout),
		.stall = microseconds(opt.stall),
		.tmpdir = common.tmpdir,
		.finding = restore_verb_tell,
		.progress = restore_verb_tell_progress,
		.confirm = restore_verb_confirm,
		.translate = restore_verb_translate,
		.configured = restore_verb_configured,
		.userdata = run,
	};
	code = xst_cli_sinks_open(run->verb, &plan, &run->options);
	if (code)
		return tell_early(run, code, "output.io");
	code = run->verb == &xst_cli_verb_receive
		       ? xst_cli_input_from(&run->in, run->name, xst_cli_endpoint_accept(run->from))
		       : xst_cli_input_from(&run->in, run->name, xst_cli_endpoint_open(run->from));
	if (code) {
		xst_cli_sinks_free(&run->options);
		return tell_early(run, code, "input.io");
	}
	run->options.fd = run->in.fd;
	return act(run);
}

static int restore_verb_run(const struct verb *verb, const char *name)
{
	struct run run = { .verb = verb, .from = name, .name = xst_cli_input_name(name) };
	int code = restore_verb_check_options(verb);

	if (code)
		return code;
	if (verb == &xst_cli_verb_receive && strncmp(name, "unix:", 5) != 0 &&
	    strncmp(name, "tcp:", 4) != 0)
		return xst_cli_usage_error(verb, "%s: neither unix:PATH nor tcp:HOST:PORT", name);
	code = tell_early(&run, restore_verb_read_config(&run), "input.io");
	if (!code && handle_signals(&run) < 0) {
		xst_cli_say("%s", xst_cli_system_words(errno));
		code = EXIT_IO;
	} else if (!code) {
		code = run_sinks(&run);
	}
	forget_words();
	xst_cli_config_choice_clear(&run.choice);
	return code;
}

static int restore_verb_parse(const struct verb *verb, int argc, const char **argv)
{
	int code = EXIT_FINE;
	poptContext ctx = xst_cli_options_parse(verb, argc, argv, table, &code);
	const char *name;

	if (!ctx)
		return code;
	name = xst_cli_options_argument(ctx);
	if (!name || xst_cli_options_argument(ctx))
		code = xst_cli_names_error(verb, verb == &xst_cli_verb_receive
							 ? "one address: unix:PATH or tcp:HOST:PORT"
							 : "one source: FILE, -, unix:PATH or tcp:HOST:PORT");
	else
		code = restore_verb_run(verb, name);
	poptFreeContext(ctx);
	return code;
}

static int restore(int argc, const char **argv)
{
	return restore_verb_parse(&xst_cli_verb_restore, argc, argv);
}

static int receive_verb_run(int argc, const char **argv)
{
	return restore_verb_parse(&xst_cli_verb_receive, argc, argv);
}
