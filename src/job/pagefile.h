/* SPDX-License-Identifier: MIT */
/* Contents of a guest's pages, in an unnamed temporary file at pfn x 4096.
 *
 * Neighbours go through the system together: reading looks as far ahead as pages are wanted one
 * after the other, and writing waits for a page that is no neighbour. */
#ifndef JOB_PAGEFILE_H
#define JOB_PAGEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenstream/io.h>

struct pagefile;

/* The name of the folder has to stay.  Returns 0, XST_E_NOMEM or XST_E_IO, described in *reterr. */
int xst_job_pagefile_new(const char *tmpdir, struct pagefile **ret, struct xst_finding *reterr);
struct pagefile *xst_job_pagefile_free(struct pagefile *p);

/* Whether a page's contents are there. */
bool xst_job_pagefile_has(struct pagefile *p, uint64_t pfn);
/* Reads the page wanted[0], which is there; wanted[1] and so on, n in all, may be next. */
int xst_job_pagefile_read(struct pagefile *p, const uint32_t *wanted, size_t n, uint8_t *page,
			  struct xst_finding *reterr);
int xst_job_pagefile_write(struct pagefile *p, uint64_t pfn, const uint8_t *page,
			   struct xst_finding *reterr);
/* Moves the contents of n pages that follow each other out of a reader's run. */
int xst_job_pagefile_take(struct pagefile *p, struct xst_reader *r, uint64_t pfn, size_t n,
			  struct xst_finding *reterr);
/* Moves n bytes into an output, from an offset in the file.  last: no page is written afterwards.
 * What goes into a pipe inside the kernel is the file's own pages: until they are read at the other
 * end, they change with it. */
int xst_job_pagefile_give(struct pagefile *p, struct xst_output *o, uint64_t offset, uint64_t n,
			  bool last, struct xst_finding *reterr);

#endif
