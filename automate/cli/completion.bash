# shellcheck shell=bash
# Completion of automate(1) in bash: `eval "$(automate completion bash)"`.
_automate() {
    local program=${1/#\~\//$HOME/} answer
    type -P -- "$program" >/dev/null || program=automate
    mapfile -t answer < <(_AUTOMATE_COMPLETE=bash "$program" \
        "${COMP_LINE:0:COMP_POINT}" "$2" "$COMP_TYPE" "${COLUMNS-}" 2>/dev/null </dev/null)
    [[ -z ${answer[0]-} ]] || compopt -o "${answer[0]}"
    COMPREPLY=("${answer[@]:1}")
}
complete -o nosort -F _automate automate 2>/dev/null || complete -F _automate automate
