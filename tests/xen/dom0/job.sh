#!/bin/sh
# Restores every *.save beside it with xl, one after the other, and writes to /out/results
# a line for each: the file's name without .save, a tab, and
#
#   RESUMED                  the guest counts on, and finds its memory as it was
#   RUNNING                  a guest that prints nothing, only firmware: it runs
#   WRITTEN                  the keys of keys.stream are in this host's store
#   RESTORE FAILED | NOT WRITTEN | MEMORY DIFFERS | NOT RESUMED | NOT RUNNING,
#                            with details
#
# For legacy files libxl calls ./helper by itself. Runs in dom0, in busybox's sh.
mkdir -p /out/case
export LIBXL_CONVERT_HELPER=/job/helper

now() { cut -d' ' -f1 /proc/uptime; }

state() { xl list "$1" | awk 'END {print $5}'; }

# config KEY FILE: what the domain's configuration in front of the image says for KEY: "KEY": "..."
# in JSON, KEY = "..." in text
config() {
  head -c 2048 "$2" | tr -d '\0' | grep -a -o "\"*$1\"* *[:=] *\"[^\"]*\"" | head -n 1 |
    sed 's/"$//; s/.*"//'
}

# said: what the guest said since the restore. The log goes on from the domain before, of the
# same name.
said() { tail -c +$((${before:-0} + 1)) "$console" 2>/dev/null; }

# The tiny guest says "HB n mem=ok" every second or so, if 16 KiB of random bytes in its memory
# are still what they were.
watch_heartbeat() {
  i=0
  while [ $i -lt 120 ]; do
    said | grep -q 'mem=BAD' && { echo "MEMORY DIFFERS: $(said | grep -m 1 'mem=BAD')"; return; }
    [ "$(said | grep -c 'HB [0-9]* mem=ok')" -ge 3 ] && { echo RESUMED; return; }
    usleep 250000
    i=$((i + 1))
  done
  echo "NOT RESUMED: no heartbeat in 30 s, state $(state "$1"), last words: $(said | tail -n 1)"
}

# clock DOMAIN: ticks of the firmware's clock, 18 a second, which the BIOS keeps at 0x46c
clock() { echo $(($(xenctx -m 0x46c "$1" | awk 'NR == 2 {print "0x" $2 $1}'))); }

# Nothing but firmware, which waits: it lives when its clock goes on, for that takes interrupts,
# their handlers and memory.
watch_clock() {
  from=$(clock "$1")
  i=0
  while [ $i -lt 30 ]; do
    sleep 1
    to=$(clock "$1")
    [ $((to - from)) -ge 10 ] && { echo "RUNNING: the firmware's clock went from $from to $to"; return; }
    i=$((i + 1))
  done
  echo "NOT RUNNING: the firmware's clock went from $from to $to in 30 s, state $(state "$1")"
}

# expect KEY VALUE: below where a device model of domain 77 keeps what it has in xenstore
expect() {
  value=$(xenstore-read "/local/domain/0/device-model/77/physmap/$1" 2>&1)
  [ "$value" = "$2" ] || echo "$1 is \"$value\", not \"$2\""
}

# Our own restore writes a device model's keys through the kernel into the store of this host.
restore_keys() {
  LD_LIBRARY_PATH=/job/lib /job/xenstream restore --no-config --domid 77 --domain null: \
    --xenstore xenstored:/dev/xen/xenbus keys.stream > /out/case/keys.txt 2>&1 ||
    { echo "RESTORE FAILED: $(tail -n 1 /out/case/keys.txt)"; return; }
  xenstore-ls -fp /local/domain/0/device-model/77 >> /out/case/keys.txt
  wrong=$(expect 40000000/start_addr f0000000; expect 40000000/size 800000
    expect 40000000/name vga.vram)
  [ -z "$wrong" ] && echo WRITTEN || echo "NOT WRITTEN: $wrong"
  xenstore-rm /local/domain/0/device-model/77
}

printf 'keys\t%s\n' "$(restore_keys)" >> /out/results

for file in *.save; do
  CASE=${file%.save}
  export CASE
  name=$(config name "$file")
  console=/var/log/xen/console/guest-$name.log
  before=$(stat -c %s "$console" 2>/dev/null)
  echo "#### $CASE: domain $name, at $(now)"
  xl -vvv restore "$file" > "/out/case/$CASE.xl.txt" 2>&1
  rc=$?
  if [ $rc != 0 ]; then
    verdict="RESTORE FAILED: xl rc=$rc: $(grep -m 1 -i error "/out/case/$CASE.xl.txt")"
    cat "/var/log/xen/qemu-dm-$name.log" 2>/dev/null
  else
    id=$(xl domid "$name")
    case $(config type "$file") in
      hvm) verdict=$(watch_clock "$id") ;;
      *) verdict=$(watch_heartbeat "$id") ;;
    esac
    xl list
    xenstore-ls -f "/local/domain/$id" > "/out/case/$CASE.xenstore.txt"
    xenctx -a "$id" > "/out/case/$CASE.xenctx.txt" 2>&1
  fi
  said > "/out/case/$CASE.console.txt"
  cp "/var/log/xen/xl-$name.log" "/out/case/$CASE.xl-daemon.txt" 2>/dev/null
  printf '%s\t%s\n' "$CASE" "$verdict" >> /out/results
  echo "#### $CASE: $verdict, at $(now)"
  xl destroy "$name" 2>/dev/null
  rm -f "$file" # it lies in dom0's memory
done
