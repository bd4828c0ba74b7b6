/* SPDX-License-Identifier: MIT */
/* Contents of a guest's pages, in an unnamed temporary file at pfn x 4096.
 *
 * Adjacent pages share a system call: reading looks ahead as far as pages are wanted in sequence,
 * and writing waits for a page that is not adjacent. */
#ifndef JOB_PAGEFILE_H
#define JOB_PAGEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenstream/io.h>

struct pagefile;

/* `tmpdir` must remain valid.  Returns 0, XST_E_NOMEM or XST_E_IO, described in *reterr. */
int xst_job_pagefile_new(const char *tmpdir, struct pagefile **ret, struct xst_finding *reterr);
struct pagefile *xst_job_pagefile_free(struct pagefile *p);

/* Whether the file has a page's contents. */
bool xst_job_pagefile_has(struct pagefile *p, uint64_t pfn);
/* Reads the page wanted[0], which must be there; wanted[1] and so on, n in all, may be next. */
int xst_job_pagefile_read(struct pagefile *p, const uint32_t *wanted, size_t n, uint8_t *page,
			  struct xst_finding *reterr);
int xst_job_pagefile_write(struct pagefile *p, uint64_t pfn, const uint8_t *page,
			   struct xst_finding *reterr);
/* Moves the contents of n consecutive pages out of a reader's run. */
int xst_job_pagefile_take(struct pagefile *p, struct xst_reader *r, uint64_t pfn, size_t n,
			  struct xst_finding *reterr);
/* Moves n bytes from an offset in the file into an output.  last: no page will be written
 * afterwards.  Inside the kernel a pipe gets the file's own pages: until they are read at the other
 * end, they change with the file. */
int xst_job_pagefile_give(struct pagefile *p, struct xst_output *o, uint64_t offset, uint64_t n,
			  bool last, struct xst_finding *reterr);

#endif
