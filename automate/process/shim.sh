#!/bin/sh
# One attempt of a task: waits for the word, runs the command, writes down how it ended.
#
#   shim.sh UMASK DIRECTORY COMMAND [ARGUMENT...]
#
# 0, 1 and 2 are the command's own. 3 is the status file, 4 the gate, 5 the task's lock, 6 to 9 its shared locks: open
# here and closed in the command, so that the locks live as long as this shell does, and no longer.

# A signal to the process group is meant for the command; this shell stays to see the end. Being caught here and not
# ignored, the signals have their default effect in the command.
trap : HUP INT QUIT TERM USR1 USR2 ALRM

# No word, because who should give it died first: nothing was run.
read -r _ <&4 || exit 0
exec 4<&-

echo "started $$" >&3 || exit 125
umask "$1"
directory=$2
shift 2
(
    cd "$directory" || { echo "unstartable" >&3; exit 126; }
    unset OLDPWD # where automate was called from
    exec 3>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    exec "$@"
)
status=$?

# With one description for both streams the place is where either last wrote; with one for stderr alone it tells whether
# anything was written there.
if [ -r "/proc/$$/fdinfo/2" ] && read -r _ place <"/proc/$$/fdinfo/2"; then
    echo "stderr $place" >&3
fi
times >&3
echo "exited $status" >&3
exit "$status"
