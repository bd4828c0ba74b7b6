/* SPDX-License-Identifier: MIT */
/* Image directories: packing one succeeds or fails with a message, leaves no descriptor open, and
 * gives a stream that can be converted again.  See files.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "packing.h"
#include "probe.h"
#include "wire/bytes.h"

#define PATH_ROOM   300
#define MAX_FILES   64
#define MAX_PAGES   256     /* bytes of `pages` at a time: each may cost 4096 */
#define MAX_OFFSET  0xffff

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- turning bytes into files ---------------------------------------------------------------- */

struct input {
	const uint8_t *at, *end;
	unsigned records;
};

static uint64_t number(struct input *in, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v |= in->at < in->end ? (uint64_t)*in->at++ << 8 * i : 0;
	return v;
}

static size_t left(const struct input *in, size_t n)
{
	size_t there = (size_t)(in->end - in->at);

	return n < there ? n : there;
}

/* A path that stays inside the directory. */
static void free_name(struct input *in, char *path)
{
	size_t n = left(in, number(in, 1));

	memcpy(path, in->at, n);
	path[n] = '\0';
	in->at += n;
	for (char *p = path; *p; p++)
		if ((p == path || p[-1] == '/') && (*p == '.' || *p == '/'))
			*p = '_';
}

static void take_name(struct input *in, char *path)
{
	size_t i = number(in, 1);

	if (i == FILES_FREE) {
		free_name(in, path);
	} else if (i < FILES_NAMES) {
		snprintf(path, PATH_ROOM, "%s", files_names[i]);
	} else {
		const struct wire_record *row = files_kind((i - FILES_NAMES) % files_kinds());

		snprintf(path, PATH_ROOM, RECORDS_DIR "/%05u.%s", in->records++, row->name);
	}
}

/* Makes the folders that contain it. */
static void make_folders(int dir, char *path)
{
	for (char *p = path; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		(void)mkdirat(dir, path, 0700);
	}
}

static void write_file(int dir, const char *path, bool part, uint64_t offset, const uint8_t *data,
		       size_t n)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | (part ? 0 : O_TRUNC),
			0600);
	bool memory = strcmp(path, MEMORY_FILE) == 0;
	struct stat st;

	if (fd < 0)
		return;
	if (strcmp(path, PAGES_FILE) == 0 && n > MAX_PAGES)
		n = MAX_PAGES;
	offset = (offset & MAX_OFFSET) * (memory ? XST_PAGE_SIZE : 1);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    pwrite(fd, data, n, (off_t)offset) == (ssize_t)n && memory && fstat(fd, &st) == 0)
		(void)!ftruncate(fd, (st.st_size + XST_PAGE_SIZE - 1) / XST_PAGE_SIZE * XST_PAGE_SIZE);
	close(fd);
}

static void make_file(struct input *in, int dir)
{
	char path[PATH_ROOM], target[PATH_ROOM];
	enum files_what what;
	uint64_t offset;
	size_t n;

	take_name(in, path);
	what = (enum files_what)(number(in, 1) % FILES_END);
	offset = what == FILES_PART ? number(in, 4) : 0;
	n = number(in, 2);
	n = left(in, n);
	make_folders(dir, path);
	switch (what) {
	case FILES_WHOLE:
	case FILES_PART: write_file(dir, path, what == FILES_PART, offset, in->at, n); break;
	case FILES_LINK:
		snprintf(target, sizeof(target), "%.*s", (int)n, (const char *)in->at);
		(void)!symlinkat(*target ? target : "/dev/zero", dir, path);
		break;
	case FILES_DIRECTORY: (void)mkdirat(dir, path, 0700); break;
	case FILES_FIFO: (void)mkfifoat(dir, path, 0600); break;
	case FILES_END: break;
	}
	in->at += n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .end = data + size };
	int root = open_folder(), dir = xst_directory_tree_enter(root, "d", true);
	unsigned before = open_descriptors();
	char path[80];

	must(root >= 0 && dir >= 0);
	(void)mkdirat(dir, RECORDS_DIR, 0700);
	for (unsigned i = 0; i < MAX_FILES && in.at < in.end; i++)
		make_file(&in, dir);
	snprintf(path, sizeof(path), "%s/d", folder);
	for (int force = 0; force < 2; force++) {
		int fd = pack(path, force);

		if (fd >= 0)
			close(fd);
	}
	must(open_descriptors() == before);
	close(dir);
	must(xst_directory_tree_remove(root, "d") == 0);
	close(root);
	return 0;
}
