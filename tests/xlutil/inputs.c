/* SPDX-License-Identifier: MIT */
#include "inputs.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const input_texts[] = {
	"",
	"a=1",
	"a=1\nb=2\n",
	"a = 'x'; b = \"y\"; c = [ 'z', \"w\", 3 ]\n",
	"a=[]\nb=[ ]\nc=[\n]\n",
	"a=[[1,2],['x',[]],]\n",
	"a=[ 'x'\n,\n'y' ,\n ]\n",
	"a=[1, # one\n 2 # two\n # three\n]\n",
	"a+=1\na+=2\nb=['x']\nb+=['y','z']\nc='p'\nc+='q'\n",
	"a=1\na=2\na=['x']\n",
	"a='n\\n t\\t q\\' d\\\" b\\\\ r\\r a\\a b\\b f\\f v\\v'\n",
	"a=\"it's\"\nb='\"'\nc=''\n",
	"a=0x1f\nb=017\nc=08\nd=1f\ne=99999999999999999999\nf=0xffffffffffffffff\ng='-5'\nh=' 7'\n",
	"# comment\n\n\t a\t=\t1\t;\t\n;;;\n",
	"memory = 512\nvcpus=2\nname = \"guest\"\ndisk = [ 'phy:/dev/x,xvda,w', "
	"'file:/y,hdc:cdrom,r' ]\n"
	"vif = [ 'mac=00:16:3e:01:02:03,bridge=xenbr0', '' ]\non_crash = "
	"'preserve'\nboot=\"cda\"\n",
	"a='\xc3\xa4'\nb='\xff'\n# \xe4\n",
	"vnuma = [ [ \"pnode=0\",\"size=1024\" ], [ \"pnode=1\" ] ]\n",
	"a=1\r\n",
	"a='\\101\\x41\\0'\n",
	"def x():\nimport y\na = 1 + 2\n",
	NULL
};

const char *const input_disks[] = {
	"/dev/vg/guest-volume,,hda",
	"/dev/vg/guest-volume,raw,hda,rw",
	"format=raw, vdev=hda, access=rw, target=/dev/vg/guest-volume",
	"raw:/dev/vg/guest-volume,hda,w",
	"/root/image.iso,,hdc,cdrom",
	"/root/image.iso,,hdc,,cdrom",
	"/root/image.iso,raw,hdc,devtype=cdrom",
	"format=raw, vdev=hdc, access=ro, devtype=cdrom, target=/root/image.iso",
	"raw:/root/image.iso,hdc:cdrom,ro",
	"phy:/dev/x,xvda,w",
	"file:/a/b.img,hda,r",
	"tap:aio:/a/b.img,xvdb,w",
	"tap2:aio:/a/b.img,xvdb,w",
	"tap:qcow2:/a/b.img,xvdb,w",
	"tapdisk:vhd:/a/b.vhd,xvdc,w",
	"ioemu:/a,hda:disk,w",
	"iscsi:iqn.2001-05.com:x,xvda,w",
	"nbd:host:10809,xvda,w",
	"drbd:res,xvda,w",
	",hdc:cdrom,r",
	",,hdc,,cdrom",
	"vdev=hdc,cdrom",
	"backend=dd,backendtype=qdisk,vdev=xvda,target=a,b=c",
	"direct-io-safe,no-discard,discard,vdev=xvda,script=block-x,target=x:y",
	"specification=virtio,trusted,untrusted,vdev=xvda,/x",
	"colo,colo-host=h,colo-port=5,colo-export=e,active-disk=/a,hidden-disk=/"
	"h,vdev=xvda,target=/x",
	"nosuch:/x,xvda,w",
	"host:name,raw,xvda,w",
	"/x,raw,xvda,w,extra",
	"/x,bad,xvda",
	"/x,raw,xvda,bad",
	"target=,vdev=xvda",
	",vdev=xvda,target=/x",
	"  /x , raw , xvda , w ",
	"format=,vdev=xvda,access=,target=/x",
	"vdev=xvda,vdev=xvdb,target=/x",
	"backendtype=tap,vdev=xvda,target=/x",
	"backendtype=bad,vdev=xvda,target=/x",
	"nokey=1,vdev=xvda,target=/x",
	NULL
};

const char *const input_rates[] = { "10Mb/s",
				    "250KB/s",
				    "1MB/s@20ms",
				    "1GB/s@1s",
				    "7b/s",
				    "1B/s@1us",
				    "100",
				    "10Mb",
				    "10Mb/s@",
				    "10Mb/s@5",
				    "0MB/s",
				    "18446744073709551615B/s",
				    "18446744073GB/s@1s",
				    "10mb/s",
				    "10Mb/s@5000s",
				    "10Mb/s@4294967295us",
				    "10Mb/s@4294967296us",
				    "10Mb/s@0ms",
				    "1KB/s@60m",
				    "",
				    NULL };

/* --- bases ---------------------------------------------------------------------------------- */

#define MAX_FILES 256
static char *files[MAX_FILES];
static size_t file_sizes[MAX_FILES], nfiles;

void inputs_add_files(char **paths, int n)
{
	for (int i = 0; i < n && nfiles < MAX_FILES; i++) {
		FILE *f = fopen(paths[i], "rb");
		char *s = malloc(INPUT_MAX);

		if (!f || !s) {
			perror(paths[i]);
			exit(2);
		}
		file_sizes[nfiles] = fread(s, 1, INPUT_MAX, f);
		files[nfiles++] = s;
		fclose(f);
	}
}

static size_t strings_count(const char *const *bases)
{
	size_t n = 0;

	while (bases[n])
		n++;
	return n;
}

size_t inputs_count(const char *const *bases)
{
	return strings_count(bases) + nfiles;
}

static void base(struct input *in, const char *const *bases, size_t i)
{
	size_t strings = strings_count(bases);

	in->n = i < strings ? strlen(bases[i]) : file_sizes[i - strings];
	memcpy(in->s, i < strings ? bases[i] : files[i - strings], in->n);
}

/* --- mutations ------------------------------------------------------------------------------ */

/* splitmix64: the same everywhere for one seed */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void splice(struct input *in, size_t at, size_t drop, const char *s, size_t n)
{
	if (in->n - drop + n > INPUT_MAX)
		return;
	memmove(in->s + at + n, in->s + at + drop, in->n - at - drop);
	memcpy(in->s + at, s, n);
	in->n += n - drop;
}

static void mutate(struct input *in, const char *alphabet, uint64_t *seed)
{
	size_t at = in->n ? next(seed) % in->n : 0, left = in->n - at, k;
	char c = next(seed) % 8 ? alphabet[next(seed) % strlen(alphabet)] : (char)next(seed);
	char piece[32];

	switch (next(seed) % 6) {
	case 0:
		splice(in, at, 0, &c, 1);
		break;
	case 1:
		splice(in, at, left ? 1 : 0, &c, 1);
		break;
	case 2:
		splice(in, at, left ? 1 + next(seed) % (left < 8 ? left : 8) : 0, "", 0);
		break;
	case 3: /* a piece from elsewhere */
		k = left < sizeof(piece) ? left : sizeof(piece);
		k = k ? next(seed) % k : 0;
		memcpy(piece, in->s + at, k);
		splice(in, in->n ? next(seed) % in->n : 0, 0, piece, k);
		break;
	case 4: /* cut */
		in->n = at;
		break;
	default:
		splice(in, in->n, 0, &c, 1);
	}
}

void input_make(struct input *in, const char *const *bases, const char *alphabet, uint64_t number)
{
	size_t n = inputs_count(bases);
	uint64_t seed = number;

	base(in, bases, number % n);
	if (number >= n)
		for (uint64_t k = 1 + next(&seed) % 5; k; k--)
			mutate(in, alphabet, &seed);
	in->s[in->n] = '\0';
}
