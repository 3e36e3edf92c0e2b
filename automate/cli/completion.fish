# Completion of automate(1) in fish: a file automate.fish in ~/.config/fish/completions.
function __automate_complete
    set -l program (commandline -opc | string match -rv '^\w+=')[1]
    command -sq -- $program; or set program automate
    set -l answer (env _AUTOMATE_COMPLETE=fish $program (commandline -cp) 2>/dev/null </dev/null)
    switch "$answer[1]"
        case files
            for path in (__fish_complete_path "$answer[3]")
                printf '%s%s\n' "$answer[2]" $path
            end
        case directories
            for path in (__fish_complete_directories "$answer[3]")
                printf '%s%s\n' "$answer[2]" $path
            end
        case words keys
            string join \n -- $answer[3..]
    end
end
complete -c automate -f -k -a '(__automate_complete)'
