/* SPDX-License-Identifier: MIT */
/* The real libxlutil beside our parsers, over the same inputs: both take one, with the same values,
 * or both refuse it, or the difference has a name and a reason here.
 *
 *   xlutil-compare text|disk|rate N [FILE...]   N inputs; FILEs are mutated, too
 *
 * libxlutil may abort: it runs in a child, which tells through shared memory how far it has
 * come. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libxlutil.h>

#include "config/cfg/cfg.h"
#include "config/devices/disk.h"
#include "config/devices/vif.h"
#include "inputs.h"

/* What may differ, and why. */
enum difference {
	SAME,
	LAST_OCTET, /* of a byte that is no token at the very end libxlutil loses the error */
	OCTAL_ESCAPE, /* libxlutil takes \101 and makes nothing of it: we refuse it, as both do \x41 */
	NUL,	      /* libxlutil aborts, or passes over it in a comment: we refuse NULs */
	LIMIT,	      /* our limits on depth and numbers of things */
	TRUSTED, /* the manual has "trusted" and "untrusted" for disks, libxlutil of 4.17 has not */
	LEADING_ZERO, /* in a rate libxlutil takes it for octal: we refuse it */
	NEWLINE,      /* in a disk, where libxlutil reads on in some places only: we refuse it */
	EMPTY, /* libxlutil takes a disk with an empty target or vdev, and libxl refuses it later */
	DIFFERENCES
};
static const char *const names[] = { "the same",
				     "a byte at the end",
				     "octal escapes",
				     "NULs",
				     "limits",
				     "trusted disks",
				     "leading zeros",
				     "newlines",
				     "empty target or vdev" };

/* Shared with the child. */
static struct shared {
	uint64_t next, counts[DIFFERENCES];
	uint64_t taken, refused, aborted;
} *shared;

static FILE *devnull;

static void report(const char *what, const struct input *in, uint64_t number)
{
	fprintf(stderr, "input %" PRIu64 ": %s:\n", number, what);
	fwrite(in->s, 1, in->n, stderr);
	fprintf(stderr, "\n---\n");
}

/* --- text ----------------------------------------------------------------------------------- */

static bool same_value(XLU_Config *x, XLU_ConfigValue *theirs, const struct config_value *ours)
{
	XLU_ConfigList *list;
	char *s;
	size_t i;

	if (xlu_cfg_value_type(theirs) == XLU_STRING)
		return !ours->is_list && xlu_cfg_value_get_string(x, theirs, &s, 1) == 0 &&
		       strcmp(s, ours->string) == 0;
	if (!ours->is_list || xlu_cfg_value_get_list(x, theirs, &list, 1) != 0)
		return false;
	for (i = 0; i < ours->n; i++)
		if (!xlu_cfg_get_listitem2(list, (int)i) ||
		    !same_value(x, xlu_cfg_get_listitem2(list, (int)i), &ours->items[i]))
			return false;
	return !xlu_cfg_get_listitem2(list, (int)i);
}

static bool same_list(XLU_Config *x, XLU_ConfigList *theirs, int n, const struct config_value *ours)
{
	if (!ours->is_list || (size_t)n != ours->n)
		return false;
	for (int i = 0; i < n; i++)
		if (!same_value(x, xlu_cfg_get_listitem2(theirs, i), &ours->items[i]))
			return false;
	return true;
}

static int code_of(int errno_value)
{
	return errno_value == 0 ? 0 : errno_value == ESRCH ? XST_E_UNKNOWN : XST_E_MALFORMED;
}

/* One key through every way to ask for it. */
static const char *differs(XLU_Config *x, const struct cfg *c, const char *key)
{
	const struct config_value *ours = NULL;
	XLU_ConfigList *list = NULL;
	const char *s = NULL, *t = NULL;
	long l = 0, m = 0;
	int n = 0;

	if (code_of(xlu_cfg_get_string(x, key, &s, 1)) != xst_cfg_get_string(c, key, &t, NULL) ||
	    (s && (!t || strcmp(s, t) != 0)))
		return "a string differs";
	if (code_of(xlu_cfg_get_long(x, key, &l, 1)) != xst_cfg_get_long(c, key, &m, NULL) ||
	    l != m)
		return "a number differs";
	if (code_of(xlu_cfg_get_list(x, key, &list, &n, 1)) !=
		    xst_cfg_get_list(c, key, &ours, NULL) ||
	    (list && !same_list(x, list, n, ours)))
		return "a list differs";
	return NULL;
}

/* Every word in the text that may be a key. */
static const char *compare_keys(XLU_Config *x, const struct cfg *c, const struct input *in)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz",
			  all[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const char *s = in->s, *wrong = NULL;

	while (!wrong && *(s += strcspn(s, first))) {
		size_t n = strspn(s, all);
		char *key = strndup(s, n);

		wrong = differs(x, c, key);
		free(key);
		s += n;
	}
	return wrong;
}

/* Which difference may it be that we refuse what they take? */
static enum difference refused_by_us(const struct input *in, int r, const struct config_error *err)
{
	unsigned line, column;

	xst_config_place(in->s, in->n ? in->n - 1 : 0, &line, &column);
	if (memchr(in->s, '\0', in->n))
		return NUL;
	if (r == XST_E_LIMIT)
		return LIMIT;
	if (strstr(err->text, "a numeric escape"))
		return OCTAL_ESCAPE;
	if (err->line == line && err->column == column)
		return LAST_OCTET;
	return SAME;
}

static const char *compare_text(const struct input *in)
{
	XLU_Config *x = xlu_cfg_init(devnull, "input");
	int theirs = xlu_cfg_readdata(x, in->s, (int)in->n);
	struct config_error err = { 0 };
	struct cfg *c = NULL;
	const char *wrong = NULL;
	int ours = xst_cfg_parse(in->s, in->n, CONFIG_AS_XL, &c, &err);

	if (theirs && ours == 0) {
		wrong = "we take what libxlutil refuses";
	} else if (!theirs && ours) {
		enum difference d = refused_by_us(in, ours, &err);

		shared->counts[d]++;
		wrong = d == SAME ? "we refuse what libxlutil takes" : NULL;
	} else {
		shared->counts[SAME]++;
		if (ours == 0)
			wrong = compare_keys(x, c, in);
	}
	*(ours ? &shared->refused : &shared->taken) += 1;
	xst_cfg_free(c);
	xlu_cfg_destroy(x);
	return wrong;
}

/* --- disks ---------------------------------------------------------------------------------- */

static bool same_string(const char *theirs, const char *ours)
{
	return strcmp(theirs ? theirs : "", ours ? ours : "") == 0;
}

static const char *word(const char *s)
{
	return strcmp(s, "unknown") == 0 ? "" : s;
}

static const char *compare_fields(const libxl_device_disk *t, const struct config_disk *o)
{
	bool empty = t->format == LIBXL_DISK_FORMAT_EMPTY;

	if (!same_string(t->pdev_path, o->target))
		return "the target differs";
	if (!same_string(t->vdev, o->vdev))
		return "the vdev differs";
	if (empty ? o->target != NULL
		  : !same_string(libxl_disk_format_to_string(t->format),
				 o->format ? o->format : "raw"))
		return "the format differs";
	if (!same_string(t->script, o->script) || !same_string(t->backend_domname, o->backend))
		return "script or backend differ";
	if (!same_string(word(libxl_disk_backend_to_string(t->backend)), o->backendtype) ||
	    !same_string(word(libxl_disk_specification_to_string(t->specification)),
			 o->specification))
		return "backendtype or specification differ";
	if (t->readwrite == o->readonly || (t->is_cdrom != 0) != o->cdrom ||
	    t->direct_io_safe != o->direct_io_safe)
		return "access, cdrom or direct-io-safe differ";
	if (!same_string(t->colo_host, o->colo_host) ||
	    !same_string(t->colo_export, o->colo_export) ||
	    t->colo_port != (o->colo_port ? atoi(o->colo_port) : 0) ||
	    !same_string(t->active_disk, o->active_disk) ||
	    !same_string(t->hidden_disk, o->hidden_disk))
		return "parameters of COLO differ";
	if ((libxl_defbool_is_default(t->discard_enable)
		     ? -1
		     : libxl_defbool_val(t->discard_enable)) != o->discard ||
	    (libxl_defbool_is_default(t->trusted) ? -1 : libxl_defbool_val(t->trusted)) !=
		    o->trusted ||
	    (!libxl_defbool_is_default(t->colo_enable) && libxl_defbool_val(t->colo_enable)) !=
		    o->colo)
		return "flags differ";
	return NULL;
}

/* What we print must mean the same to libxlutil. */
static const char *compare_printed(XLU_Config *x, const struct config_disk *d)
{
	char *spec = xst_config_disk_print(d);
	const char *wrong = NULL;
	libxl_device_disk again;

	libxl_device_disk_init(&again);
	if (xlu_disk_parse(x, 1, (const char *const *)&spec, &again) != 0)
		wrong = "libxlutil refuses what we print";
	else
		wrong = compare_fields(&again, d);
	libxl_device_disk_dispose(&again);
	free(spec);
	return wrong;
}

static bool taken_without_end(const struct input *in)
{
	char *spec = strndup(in->s, in->n - 1);
	struct config_disk d;
	int r = xst_config_disk_parse(spec, &d, NULL);

	if (r == 0)
		xst_config_disk_clear(&d);
	free(spec);
	return r == 0;
}

static const char *compare_disk(const struct input *in)
{
	XLU_Config *x = xlu_cfg_init(devnull, "input");
	const char *spec = in->s, *wrong = NULL;
	struct config_disk d;
	libxl_device_disk t;
	int theirs, ours;

	libxl_device_disk_init(&t);
	theirs = xlu_disk_parse(x, 1, &spec, &t);
	ours = xst_config_disk_parse(spec, &d, NULL);
	if (!theirs && ours && strchr(spec, '\n')) {
		shared->counts[NEWLINE]++;
	} else if (!theirs && ours && (!t.pdev_path || !*t.pdev_path || !t.vdev || !*t.vdev)) {
		shared->counts[EMPTY]++;
	} else if (!theirs && ours && taken_without_end(in)) {
		shared->counts[LAST_OCTET]++;
	} else if (!theirs != !ours) {
		wrong = ours ? "we refuse what libxlutil takes" : "we take what libxlutil refuses";
	} else {
		shared->counts[SAME]++;
		if (ours == 0)
			wrong = compare_fields(&t, &d);
		if (ours == 0 && !wrong)
			wrong = compare_printed(x, &d);
	}
	if (wrong && strstr(spec, "trusted")) {
		shared->counts[TRUSTED]++;
		wrong = NULL;
	}
	*(ours ? &shared->refused : &shared->taken) += 1;
	if (ours == 0)
		xst_config_disk_clear(&d);
	libxl_device_disk_dispose(&t);
	xlu_cfg_destroy(x);
	return wrong;
}

/* --- rates ---------------------------------------------------------------------------------- */

static bool leading_zero(const char *s)
{
	const char *at = strchr(s, '@');

	return *s == '0' || (at && at[1] == '0');
}

static const char *compare_rate(const struct input *in)
{
	XLU_Config *x = xlu_cfg_init(devnull, "input");
	libxl_device_nic nic;
	const char *wrong = NULL;
	uint64_t bytes = 0;
	uint32_t usecs = 0;
	int theirs, ours;

	libxl_device_nic_init(&nic);
	errno = 0; /* they take an old one for theirs */
	theirs = xlu_vif_parse_rate(x, in->s, &nic);
	ours = xst_config_rate_parse(in->s, &bytes, &usecs);
	if (!theirs && ours && leading_zero(in->s))
		shared->counts[LEADING_ZERO]++;
	else if (!theirs != !ours)
		wrong = ours ? "we refuse what libxlutil takes" : "we take what libxlutil refuses";
	else if (!ours &&
		 (nic.rate_bytes_per_interval != bytes || nic.rate_interval_usecs != usecs))
		wrong = "the numbers differ";
	shared->counts[SAME] += !wrong && !theirs == !ours;
	*(ours ? &shared->refused : &shared->taken) += 1;
	libxl_device_nic_dispose(&nic);
	xlu_cfg_destroy(x);
	return wrong;
}

/* --- all ------------------------------------------------------------------------------------ */

struct mode {
	const char *name;
	const char *const *bases;
	const char *alphabet;
	const char *(*compare)(const struct input *in);
};
static const struct mode modes[] = {
	{ "text", input_texts, "\n\n;;'\"[],,=+#\\ \tabc019fx_nrtv8", compare_text },
	{ "disk", input_disks, ",,,::==  /raw hdcxvqoe-0129t", compare_disk },
	{ "rate", input_rates, "0123456789KMGbB/s@mu ", compare_rate },
};

/* Goes on at shared->next; the exit status says whether something was wrong. */
static int work(const struct mode *m, uint64_t n)
{
	static struct input in;

	for (; shared->next < n; shared->next++) {
		const char *wrong;

		input_make(&in, m->bases, m->alphabet, shared->next);
		if (m->compare != compare_text && memchr(in.s, '\0', in.n))
			continue;
		wrong = m->compare(&in);
		if (!wrong)
			continue;
		report(wrong, &in, shared->next);
		return 1;
	}
	return 0;
}

/* What made libxlutil abort, or flex exit: in text only a NUL may, in a disk only a newline. */
static int judge_abort(const struct mode *m)
{
	static struct input in;
	struct config_disk d;
	struct cfg *c;

	input_make(&in, m->bases, m->alphabet, shared->next++);
	shared->aborted++;
	if (m->compare == compare_disk && strchr(in.s, '\n') &&
	    xst_config_disk_parse(in.s, &d, NULL) != 0) {
		shared->counts[NEWLINE]++;
		return 0;
	}
	if (m->compare == compare_text && memchr(in.s, '\0', in.n) &&
	    xst_cfg_parse(in.s, in.n, CONFIG_AS_XL, &c, NULL) != 0) {
		shared->counts[NUL]++;
		return 0;
	}
	report("libxlutil aborts", &in, shared->next - 1);
	return 1;
}

static int run(const struct mode *m, uint64_t n)
{
	while (shared->next < n) {
		int status, failed;
		pid_t child = fork();

		if (child == 0) {
			dup2(fileno(devnull), 1);
			_exit(work(m, n));
		}
		if (child < 0 || waitpid(child, &status, 0) < 0)
			return 2;
		failed = WIFEXITED(status) && WEXITSTATUS(status) < 2 ? WEXITSTATUS(status)
								      : judge_abort(m);
		if (failed)
			return failed;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct mode *m = NULL;

	for (size_t i = 0; argc > 2 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			m = &modes[i];
	if (!m)
		return 2;
	inputs_add_files(argv + 3, argc - 3);
	devnull = fopen("/dev/null", "w");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (!devnull || shared == MAP_FAILED)
		return 2;
	if (run(m, strtoull(argv[2], NULL, 10)) != 0)
		return 1;
	printf("%s: %" PRIu64 " inputs: we take %" PRIu64 ", refuse %" PRIu64
	       "; libxlutil aborts at %" PRIu64 "\n",
	       m->name, shared->next, shared->taken, shared->refused, shared->aborted);
	for (int i = 0; i < DIFFERENCES; i++)
		if (shared->counts[i])
			printf("  %s: %" PRIu64 "\n", names[i], shared->counts[i]);
	return 0;
}
