#compdef automate
# Completion of automate(1) in zsh: `eval "$(automate completion zsh)"` after compinit, or a file _automate in $fpath.
_automate() {
    local program=${${(Q)words[1]}/#\~\//$HOME/} prefix tag=values
    local -a answer found
    whence -p -- $program >/dev/null || program=automate
    answer=("${(@f)$(_AUTOMATE_COMPLETE=zsh $program \
        "${(j: :)words[1,CURRENT-1]} $IPREFIX$QIPREFIX$PREFIX" 2>/dev/null </dev/null)}")
    prefix=$answer[2]
    if [[ -n $prefix && $PREFIX == $prefix* ]]; then
        IPREFIX+=$prefix PREFIX=${PREFIX#$prefix}
    else
        PREFIX=${PREFIX##(\\|)\#}
    fi
    [[ $PREFIX == -* ]] && tag=options
    found=("${(@)answer[3,-1]}")
    case $answer[1] in
        files) _files ;;
        directories) _files -/ ;;
        words) _describe -V -t $tag automate found ;;
        keys) _describe -V -t $tag automate found -S '' ;;
    esac
}
zstyle ':completion:*:*:automate:*:values' list-grouped no  # grouping sorts, and runs come newest first
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _automate "$@"
else
    compdef _automate automate
fi
