#!/bin/sh
# One attempt of a task: waits for the word, asks the condition, runs the command, writes down how it ended.
#
#   shim.sh UMASK DIRECTORY COUNT [CONDITION...] COMMAND [ARGUMENT...]
#
# COUNT is how many words the condition has; with 0 there is none. A command whose condition fails is not run.
#
# 0, 1 and 2 are the command's own. 3 is the status file, 4 the gate, 5 the task's lock, 6 to 9 its shared locks: open
# here and closed in the command, so that the locks live as long as this shell does, and no longer.

# A signal to the process group is meant for the command; this shell stays to see the end. Being caught here and not
# ignored, the signals have their default effect in the command.
trap : HUP INT QUIT TERM USR1 USR2 ALRM

# Become the words of "$@"; for subshells.
become() {
    cd "$directory" || { echo "unstartable" >&3; exit 126; }
    unset OLDPWD # where automate was called from
    exec 3>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    exec "$@"
}

# Become the first COUNT words: they are put behind all there are, and those in front are dropped.
become_first() {
    count=$1
    shift
    all=$#
    for word do
        [ "$count" -gt 0 ] || break
        count=$((count - 1))
        set -- "$@" "$word"
    done
    shift "$all"
    become "$@"
}

# No word, because who should give it died first: nothing was run.
read -r _ <&4 || exit 0
exec 4<&-

# When: a time that no clock change moves. This shell may have waited at the gate.
uptime=
[ -r /proc/uptime ] && read -r uptime _ </proc/uptime
echo "started $$ $uptime" >&3 || exit 125
# A shell that can have no process for the command ends here and now.
trap 'echo "unforked $?" >&3' EXIT
umask "$1"
directory=$2
condition=$3
shift 3
status=0
if [ "$condition" -gt 0 ]; then
    (become_first "$condition" "$@") </dev/null
    status=$?
    shift "$condition"
fi
if [ "$status" -eq 0 ]; then
    (become "$@")
    status=$?
else
    echo "condition $status" >&3
fi
trap - EXIT

# With one description for both streams the place is where either last wrote; with one for stderr alone it tells whether
# anything was written there.
if [ -r "/proc/$$/fdinfo/2" ] && read -r _ place <"/proc/$$/fdinfo/2"; then
    echo "stderr $place" >&3
fi
times >&3
echo "exited $status" >&3
exit "$status"
