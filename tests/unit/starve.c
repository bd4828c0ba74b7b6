/* SPDX-License-Identifier: MIT */
#include "starve.h"

#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <xenstream/finding.h>

#include "unit.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
FILE *__real_fdopen(int fd, const char *mode);
DIR *__real_fdopendir(int fd);
void *__real_tsearch(const void *key, void **root, int (*compare)(const void *, const void *));
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void __wrap_free(void *p);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_vasprintf(char **ret, const char *format, va_list ap);
int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list ap);
int __wrap_asprintf(char **ret, const char *format, ...);
int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...);
FILE *__wrap_fdopen(int fd, const char *mode);
DIR *__wrap_fdopendir(int fd);
void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *, const void *));

static bool running, counting;
static atomic_uint count; /* some jobs have threads */
static unsigned fail_at;
static atomic_long alive;

bool starve_fails(void)
{
	if (!counting || atomic_fetch_add(&count, 1) + 1 != fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

void starve_pause(void)
{
	counting = false;
}

void starve_on(void)
{
	counting = true;
}

static void *counted(void *p)
{
	alive += running && p;
	return p;
}

void *__wrap_malloc(size_t n)
{
	return starve_fails() ? NULL : counted(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return starve_fails() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t n)
{
	void *new;

	if (starve_fails())
		return NULL;
	new = __real_realloc(p, n);
	alive += running && !p && new;
	return new;
}

void __wrap_free(void *p)
{
	alive -= running && p;
	__real_free(p);
}

/* --- libc's own take their memory from where we don't see it ---------------------------------- */

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return __wrap_realloc(p, n * size);
}

char *__wrap_strndup(const char *s, size_t n)
{
	size_t length = strnlen(s, n);
	char *copy = __wrap_malloc(length + 1);

	if (copy) {
		memcpy(copy, s, length);
		copy[length] = '\0';
	}
	return copy;
}

char *__wrap_strdup(const char *s)
{
	return __wrap_strndup(s, strlen(s));
}

int __wrap_vasprintf(char **ret, const char *format, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	*ret = n < 0 ? NULL : __wrap_malloc((size_t)n + 1);
	return *ret ? vsnprintf(*ret, (size_t)n + 1, format, ap) : -1;
}

int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list ap)
{
	(void)flag;
	return __wrap_vasprintf(ret, format, ap);
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = __wrap_vasprintf(ret, format, ap);
	va_end(ap);
	return n;
}

int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...)
{
	va_list ap;
	int n;

	(void)flag;
	va_start(ap, format);
	n = __wrap_vasprintf(ret, format, ap);
	va_end(ap);
	return n;
}

FILE *__wrap_fdopen(int fd, const char *mode)
{
	return starve_fails() ? NULL : __real_fdopen(fd, mode);
}

DIR *__wrap_fdopendir(int fd)
{
	return starve_fails() ? NULL : __real_fdopendir(fd);
}

/* What is there already needs none. */
void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *, const void *))
{
	void *there = tfind(key, root, compare);

	return there || !starve_fails() ? __real_tsearch(key, root, compare) : NULL;
}

/* --- one after the other ---------------------------------------------------------------------- */

static int run(int (*job)(void), unsigned number)
{
	int r;

	fail_at = number;
	count = 0;
	alive = 0;
	running = counting = true;
	r = job();
	running = counting = false;
	return r;
}

void each_fails(int (*job)(void), int expected_code)
{
	unsigned total;

	assert_int_equal(run(job, 0), 0);
	total = count;
	assert_true(total > 0);
	assert_int_equal(alive, 0);
	for (unsigned i = 1; i <= total; i++) {
		int r = run(job, i);

		if (r == 0 && count < i) /* threads: this time it took fewer */
			break;
		if (r != XST_E_NOMEM && r != expected_code)
			fail_msg("allocation %u of %u fails: %d", i, total, r);
		if (alive)
			fail_msg("allocation %u of %u fails: %ld are left", i, total, alive);
	}
}
