/* SPDX-License-Identifier: MIT */
/* The same test for each of the samples, under its name. */
#ifndef TESTS_SAMPLES_H
#define TESTS_SAMPLES_H

#include "build.h"
#include "unit.h"

static inline int run_for_samples(const char *group, const CMUnitTestFunction *functions,
				  const char *const *names, size_t n)
{
	struct CMUnitTest *tests = calloc(n * samples_count, sizeof(*tests));
	char (*labels)[100] = calloc(n * samples_count, sizeof(*labels));
	int failed;

	if (!tests || !labels)
		abort();
	for (size_t i = 0; i < n * samples_count; i++) {
		snprintf(labels[i], sizeof(labels[i]), "%s: %s", samples[i / n].name, names[i % n]);
		tests[i].name = labels[i];
		tests[i].test_func = functions[i % n];
		tests[i].initial_state = (void *)(uintptr_t)&samples[i / n];
	}
	failed = _cmocka_run_group_tests(group, tests, n * samples_count, NULL, NULL);
	free(tests);
	free(labels);
	return failed;
}

#endif
