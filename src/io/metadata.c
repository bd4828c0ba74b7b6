/* SPDX-License-Identifier: MIT */
#include "io/metadata.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* ACLs are attributes too: system.posix_acl_access. */
static const char *kind_of(const char *attribute)
{
	return strncmp(attribute, "system.posix_acl", 16) == 0 ? "its ACL"
							       : "an extended attribute";
}

static bool is_systems(const char *attribute)
{
	return strncmp(attribute, "security.", 9) == 0 || strncmp(attribute, "trusted.", 8) == 0;
}

static int copy_attribute(int from, int to, const char *name)
{
	ssize_t n = fgetxattr(from, name, NULL, 0);
	char *value = n < 0 ? NULL : malloc(n ? (size_t)n : 1);
	int r;

	if (n < 0 || !value)
		return n < 0 ? -errno : -ENOMEM;
	n = fgetxattr(from, name, value, (size_t)n);
	r = n < 0 || fsetxattr(to, name, value, (size_t)n, 0) < 0 ? -errno : 0;
	free(value);
	return r;
}

static int metadata_copy_attributes(int from, int to, bool lenient, const char **ret_what)
{
	ssize_t n = flistxattr(from, NULL, 0);
	char *names = n > 0 ? malloc((size_t)n) : NULL;
	int r = 0;

	*ret_what = "extended attributes";
	if (n <= 0)
		return n == 0 || errno == ENOTSUP ? 0 : -errno;
	if (!names)
		return -ENOMEM;
	n = flistxattr(from, names, (size_t)n);
	r = n < 0 ? -errno : 0;
	for (const char *s = names; r == 0 && s < names + n; s += strlen(s) + 1) {
		r = copy_attribute(from, to, s);
		if (r < 0 && (lenient || is_systems(s)))
			r = 0;
		*ret_what = r ? kind_of(s) : *ret_what;
	}
	free(names);
	return r;
}

int xst_io_metadata_copy(int from, int to, bool lenient, const char **ret_what)
{
	struct stat st, now;

	*ret_what = "its owner";
	if (fstat(from, &st) < 0 || fstat(to, &now) < 0)
		return -errno;
	if ((st.st_uid != now.st_uid || st.st_gid != now.st_gid) &&
	    fchown(to, st.st_uid, st.st_gid) < 0) {
		if (!lenient)
			return -errno;
		st.st_mode &= ~(mode_t)(S_ISUID | S_ISGID); /* never without their owner */
	}
	*ret_what = "its permissions";
	if (fchmod(to, st.st_mode & 07777) < 0 && !lenient)
		return -errno;
	return metadata_copy_attributes(from, to, lenient, ret_what);
}
