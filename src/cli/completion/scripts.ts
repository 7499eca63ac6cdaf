/** What a shell needs to ask `millrace` itself for completions. */
import { completeCommand, filesLine } from './answer.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** The script, and how to have it in every shell. */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bash
    case 'zsh':
      return zsh
    case 'fish':
      return fish
  }
}

// bash parts words at = and :, and replaces only what stands after the last of them.
const bash = String.raw`# Completion of millrace for bash. In ~/.bashrc:  source <(millrace completion bash)
_millrace() {
  local IFS=$'\n' word piece before line
  local -a lines=()
  COMPREPLY=()
  while IFS= read -r line; do lines+=("$line"); done < <("$1" ${completeCommand} bash "${'$'}{COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  if [[ "${'$'}{lines[1]}" == '${filesLine}' ]]; then
    compopt -o default 2>/dev/null
    return
  fi
  word="${'$'}{lines[0]}"
  piece="${'$'}{COMP_WORDS[COMP_CWORD]}"
  case "$piece" in =|:) piece='' ;; esac
  before=''
  if [[ "$word" == *[=:]* ]]; then before="${'$'}{word%"$piece"}"; fi
  for line in "${'$'}{lines[@]:1}"; do
    line="${'$'}{line%%$'\t'*}"
    line="${'$'}{line#"$before"}"
    printf -v line '%q' "$line"
    COMPREPLY+=("$line")
  done
}
complete -F _millrace millrace`

const zsh = String.raw`#compdef millrace
# Completion of millrace for zsh. In ~/.zshrc, after compinit:  source <(millrace completion zsh)
_millrace() {
  local line
  local -a lines values texts
  lines=("${'$'}{(@f)$("${'$'}{words[1]}" ${completeCommand} words "${'$'}{(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "${'$'}{lines[1]}" == '${filesLine}' ]]; then
    _files
    return
  fi
  for line in "${'$'}{lines[@]}"; do
    [[ -n "$line" ]] || continue
    values+=("${'$'}{line%%$'\t'*}")
    texts+=("${'$'}{line%%$'\t'*}  ${'$'}{line#*$'\t'}")
  done
  (( ${'$'}{#values} )) && compadd -l -d texts -a values
}
if [[ "${'$'}{funcstack[1]}" == _millrace ]]; then
  _millrace "$@"
else
  compdef _millrace millrace
fi`

const fish = String.raw`# Completion of millrace for fish:  millrace completion fish > ~/.config/fish/completions/millrace.fish
function __millrace_complete
  set -l words (commandline -opc)
  set -l lines ($words[1] ${completeCommand} words $words[2..-1] (commandline -ct) 2>/dev/null)
  if test "$lines[1]" = '${filesLine}'
    __fish_complete_path (commandline -ct)
    return
  end
  printf '%s\n' $lines
end
complete -c millrace -f -a '(__millrace_complete)'`
