#!/bin/sh
# One attempt of a task: waits for the word, asks the condition, runs the command, writes down how it ended.
#
#   shim.sh UMASK DIRECTORY COUNT [CONDITION...] COMMAND [ARGUMENT...]
#
# COUNT is how many words the condition has; with 0 there is none. A command whose condition fails is not run.
#
# Condition and command each begin with setsid(1), so each leads a session and process group of its own. What they do to
# their group (`kill 0`, `kill -- -$$`) does not reach this shell, which stays to see the end.
#
# 0, 1 and 2 are the command's own. 3 is the status file, 4 the gate, 5 the task's lock, 6 to 9 its shared locks: open
# here and closed in the command, so that the locks live as long as this shell does, and no longer.
#
# If the word is `copied`, 1 and 2 are pipes, and 4 is a socket to the process that copies them (copier.py).
#
# A variable set here would change the task's own of that name, if it has one: hence `shim_`.

# A signal to this shell's group is meant for a command that does not lead its own yet. Being caught here and not
# ignored, the signals have their default effect in the command.
trap : HUP INT QUIT TERM USR1 USR2 ALRM

# Become the words of "$@"; for subshells. First write down which group there will be, and when its leader was started,
# which tells it from a later process of that number: fields 1 and 22 of proc(5)'s /proc/PID/stat.
become() {
    [ -r /proc/self/stat ] &&
        read -r shim_pid _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ shim_began _ </proc/self/stat &&
        echo "group $shim_pid $shim_began" >&3
    cd "$shim_directory" || { echo "unstartable" >&3; exit 126; }
    unset OLDPWD # where automate was called from
    exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    exec "$@"
}

# Become the first COUNT words: they are put behind all there are, and those in front are dropped.
become_first() {
    shim_count=$1
    shift
    shim_all=$#
    for shim_word do
        [ "$shim_count" -gt 0 ] || break
        shim_count=$((shim_count - 1))
        set -- "$@" "$shim_word"
    done
    shift "$shim_all"
    become "$@"
}

# No word, because who should give it died first: nothing was run.
read -r shim_gate <&4 || exit 0
[ "$shim_gate" = copied ] || exec 4<&-

# When: a time that no clock change moves. This shell may have waited at the gate.
shim_uptime=
[ -r /proc/uptime ] && read -r shim_uptime _ </proc/uptime
echo "started $$ $shim_uptime" >&3 || exit 125
# A shell that can have no process for the command ends here and now.
trap 'echo "unforked $?" >&3' EXIT
umask "$1"
shim_directory=$2
shim_condition=$3
shift 3
shim_status=0
if [ "$shim_condition" -gt 0 ]; then
    (become_first "$shim_condition" "$@") </dev/null
    shim_status=$?
    shift "$shim_condition"
fi
if [ "$shim_status" -eq 0 ]; then
    (become "$@")
    shim_status=$?
else
    echo "condition $shim_status" >&3
fi
trap - EXIT

if [ "$shim_gate" = copied ]; then
    exec >/dev/null 2>&1
    trap '' PIPE # somebody may have killed it
    echo ended >&4
    read -r _ <&4
fi

# With one description for both streams the place is where either last wrote; with one for stderr alone it tells whether
# anything was written there.
if [ -r "/proc/$$/fdinfo/2" ] && read -r _ shim_place <"/proc/$$/fdinfo/2"; then
    echo "stderr $shim_place" >&3
fi
times >&3
echo "exited $shim_status" >&3
exit "$shim_status"
