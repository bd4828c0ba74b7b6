/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over the given files and directories, without libFuzzer: to reproduce old
 * findings, and to keep the seeds working in the ordinary tests. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t size = 0, capacity = 0, k;
	uint8_t *data = NULL;

	if (!f) {
		perror(path);
		return 1;
	}
	do {
		if (capacity - size < 65536)
			data = realloc(data, capacity = capacity * 2 + 65536);
		if (!data)
			abort();
		k = fread(data + size, 1, capacity - size, f);
		size += k;
	} while (k);
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

static int run_directory(const char *path)
{
	struct dirent *e;
	DIR *d = opendir(path);
	int failed = 0, n = 0;

	if (!d) {
		perror(path);
		return 1;
	}
	while ((e = readdir(d))) {
		char name[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		failed |= run_file(name);
		n++;
	}
	closedir(d);
	printf("%s: %d inputs\n", path, n);
	return failed || !n;
}

int main(int argc, char **argv)
{
	int failed = argc < 2;

	for (int i = 1; i < argc; i++) {
		struct stat st;

		failed |= stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode) ? run_directory(argv[i])
									  : run_file(argv[i]);
	}
	return failed;
}
