/* SPDX-License-Identifier: MIT */
#include "job/job.h"

#include <stdlib.h>

int xst_info_fd(int fd, const struct xst_job_options *options, struct xst_info **ret,
		struct xst_finding *reterr)
{
	struct xst_verify_options verify = { .size = sizeof(verify), .job = options };
	struct xst_info *info;
	int r;

	if (!ret)
		return XST_E_ARG;
	info = calloc(1, sizeof(*info));
	if (!info)
		return XST_E_NOMEM;
	r = xst_job_scan(fd, &verify, &info->verdict, info, reterr);
	if (r) {
		xst_info_free(info);
		return r;
	}
	*ret = info;
	return 0;
}

struct xst_info *xst_info_free(struct xst_info *info)
{
	if (info)
		free(info->config);
	free(info);
	return NULL;
}
