/* SPDX-License-Identifier: MIT */
/* The same test for each of the samples, under its name.
 *
 * XENSTREAM_SHARD=I/N takes every Nth of the samples only, from I (0 to N - 1): N such processes together
 * do all, on as many processors. */
#ifndef TESTS_SAMPLES_H
#define TESTS_SAMPLES_H

#include "build.h"
#include "unit.h"

struct shard {
	unsigned i, n;
};

static inline struct shard shard_of_this_process(void)
{
	const char *words = getenv("XENSTREAM_SHARD");
	struct shard s = { 0, 1 };

	if (words && (sscanf(words, "%u/%u", &s.i, &s.n) != 2 || s.i >= s.n)) {
		fprintf(stderr, "XENSTREAM_SHARD=%s is not I/N\n", words);
		abort();
	}
	return s;
}

/* Whether tests that are not about samples are this process's, too. */
static inline bool shard_is_first(void)
{
	return shard_of_this_process().i == 0;
}

static inline int run_for_samples(const char *group, const CMUnitTestFunction *functions,
				  const char *const *names, size_t n)
{
	struct CMUnitTest *tests = calloc(n * samples_count, sizeof(*tests));
	char (*labels)[100] = calloc(n * samples_count, sizeof(*labels));
	struct shard shard = shard_of_this_process();
	size_t count = 0;
	int failed;

	if (!tests || !labels)
		abort();
	for (size_t i = 0; i < n * samples_count; i++) {
		if (i / n % shard.n != shard.i)
			continue;
		snprintf(labels[count], sizeof(labels[count]), "%s: %s", samples[i / n].name,
			 names[i % n]);
		tests[count].name = labels[count];
		tests[count].test_func = functions[i % n];
		tests[count++].initial_state = (void *)(uintptr_t)&samples[i / n];
	}
	failed = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
	free(tests);
	free(labels);
	return failed;
}

#endif
